"""Lends a phone number to every waiting interaction and tells the PBX whose call it is."""

__version__ = "0.1.0"
