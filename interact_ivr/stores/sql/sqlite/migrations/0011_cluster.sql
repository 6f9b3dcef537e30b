-- What PostgreSQL's nodes know of each other. This file has one process: the tables are there so that
-- both stores have the same, and stay empty.

CREATE TABLE node (
    incarnation TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    address TEXT NOT NULL,
    since INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    alive_until INTEGER NOT NULL,
    facts TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE duty (
    name TEXT PRIMARY KEY,
    incarnation TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE inventory ADD COLUMN directory_revision INTEGER NOT NULL DEFAULT 0;
