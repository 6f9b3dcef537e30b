-- Who did what to the service, and what became of it; and when a key or a token was used last.

CREATE TABLE audit (
    id TEXT PRIMARY KEY,        -- a ULID
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    source TEXT NOT NULL,       -- where they asked from
    action TEXT NOT NULL,
    object TEXT NOT NULL,       -- what it was done to
    tenant TEXT NOT NULL,       -- empty: the installation's
    environment TEXT NOT NULL,  -- tenant/environment; empty: none
    outcome TEXT NOT NULL,
    reason TEXT                 -- why it was not done
) STRICT, WITHOUT ROWID;

ALTER TABLE application_key ADD COLUMN used_at INTEGER;
ALTER TABLE token ADD COLUMN used_at INTEGER;
