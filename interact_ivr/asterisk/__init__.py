"""What is put into an Asterisk's configuration, and taken out again without a trace.

Nothing here knows the service; the standard library is all it needs.
"""
