"""A real Asterisk and SIPp on this machine, for the tests, the demo and the benchmarks.

Nothing here ships to users.
"""
