-- Tenants, what applications need beside their name, users and tokens.
-- Secrets are kept as SHA-256 digests, passwords as argon2 hashes. Durations are microseconds.
-- Ids of environments and applications are random: the journal outlives what it tells of, and must
-- not be taken for a later one's.

CREATE TABLE tenant (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO tenant (name) SELECT DISTINCT tenant FROM environment;

ALTER TABLE environment ADD COLUMN dial_plan TEXT;             -- NULL: the configured one

-- NULL: it is a DNIS application, else a consumer application and this is its DNIS application.
ALTER TABLE application ADD COLUMN allocates_from INTEGER REFERENCES application (id);
-- A DNIS application's own settings; NULL: as configured.
ALTER TABLE application ADD COLUMN hold_for INTEGER;
ALTER TABLE application ADD COLUMN rest_for INTEGER;
ALTER TABLE application ADD COLUMN redial_for INTEGER;
ALTER TABLE application ADD COLUMN late_for INTEGER;
ALTER TABLE application ADD COLUMN strict_rest INTEGER CHECK (strict_rest IN (0, 1));
ALTER TABLE application ADD COLUMN replace_on_repeat INTEGER CHECK (replace_on_repeat IN (0, 1));
ALTER TABLE application ADD COLUMN late_reveals_id INTEGER CHECK (late_reveals_id IN (0, 1));

CREATE TABLE application_key (
    application_id INTEGER NOT NULL REFERENCES application (id),
    environment_id INTEGER NOT NULL REFERENCES environment (id),
    prefix TEXT NOT NULL,                  -- how it begins
    digest BLOB NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (application_id, prefix),
    UNIQUE (environment_id, digest)        -- a key names one application
) STRICT, WITHOUT ROWID;

CREATE TABLE user_account (
    tenant TEXT NOT NULL REFERENCES tenant (name),
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    prefix TEXT PRIMARY KEY,               -- how it begins
    digest BLOB NOT NULL UNIQUE,
    role TEXT NOT NULL,                    -- domain/access.py, Role
    environment_id INTEGER NOT NULL REFERENCES environment (id),
    application_id INTEGER REFERENCES application (id),
    extensions TEXT NOT NULL,              -- separated by spaces; none: all
    added_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;
