"""Whose a PBX's extensions are, asked over its manager interface (AMI)."""
