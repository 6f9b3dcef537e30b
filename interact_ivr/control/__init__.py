"""The local socket by which the command line reaches the running service."""
