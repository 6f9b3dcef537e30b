-- When a tenant was added, in microseconds: what was done before, another one of its name did. 0:
-- before that was kept.

ALTER TABLE tenant ADD COLUMN added_at INTEGER NOT NULL DEFAULT 0;
