"""The shared store: many nodes on one PostgreSQL, each number's row the lock of its life."""
