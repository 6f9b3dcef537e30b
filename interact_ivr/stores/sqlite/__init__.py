"""The embedded store: one SQLite file, one writing thread, one process that holds its lock."""
