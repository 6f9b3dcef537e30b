"""The native API: JSON over HTTP for programs that show a bearer token."""
