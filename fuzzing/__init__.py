"""A coverage-guided fuzzer for what reads strangers' bytes, and the laws that hold for any of them.

Nothing here ships to users. `make fuzz` runs it; `make test` replays the inputs that it has kept.
"""
