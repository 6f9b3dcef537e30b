"""Measurements against bars: side by side in one run, since machines differ and ratios less so."""
