-- runs with: 1
-- Who did what to the service, and what became of it; and when a key or a token was used last. What
-- SQLite's schema 13 has. The release before writes nothing of it.

CREATE TABLE audit (
    id TEXT COLLATE "C" PRIMARY KEY,         -- a ULID
    at BIGINT NOT NULL,
    who TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,        -- where they asked from
    action TEXT COLLATE "C" NOT NULL,
    object TEXT COLLATE "C" NOT NULL,        -- what it was done to
    tenant TEXT COLLATE "C" NOT NULL,        -- empty: the installation's
    environment TEXT COLLATE "C" NOT NULL,   -- tenant/environment; empty: none
    outcome TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C"                  -- why it was not done
);

ALTER TABLE application_key ADD COLUMN used_at BIGINT;
ALTER TABLE token ADD COLUMN used_at BIGINT;
