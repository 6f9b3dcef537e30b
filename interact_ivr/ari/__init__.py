"""Watching the calls of a PBX over ARI, Asterisk's REST interface and its events."""
