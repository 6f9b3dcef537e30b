-- runs with: 1
-- When a tenant was added, in microseconds: what was done before, another one of its name did. 0:
-- before that was kept. What SQLite's schema 16 has. A tenant that a node of the release before
-- adds has 0.

ALTER TABLE tenant ADD COLUMN added_at BIGINT NOT NULL DEFAULT 0;
