-- Environments, DNIS applications, their numbers, who held them, and the journal.
-- Times are microseconds since 1970 UTC. State is derived from number.free_from and
-- number.allocation_id (interact_ivr/domain/lifecycle.py), never stored.

CREATE TABLE environment (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (tenant, name)
) STRICT;

CREATE TABLE application (
    id INTEGER PRIMARY KEY,
    environment_id INTEGER NOT NULL REFERENCES environment (id),
    name TEXT NOT NULL,
    UNIQUE (environment_id, name)
) STRICT;

INSERT INTO environment (id, tenant, name) VALUES (1, 'default', 'default');
INSERT INTO application (id, environment_id, name) VALUES (1, 1, 'default');

CREATE TABLE number (
    id INTEGER PRIMARY KEY,
    environment_id INTEGER NOT NULL REFERENCES environment (id),
    application_id INTEGER NOT NULL REFERENCES application (id),
    number TEXT NOT NULL,                  -- normalized by the environment's dial plan
    entered TEXT NOT NULL,                 -- the digits as the administrator wrote them
    dnid TEXT,
    group_name TEXT,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    allocation_id TEXT,                    -- the allocation whose end is not in the journal yet
    free_from INTEGER NOT NULL DEFAULT 0,  -- its expiry; else the last one's end; 0: never lent
    UNIQUE (environment_id, number)
) STRICT;

-- The number that has rested longest is the first of these with free_from <= now.
CREATE INDEX number_by_rest ON number (application_id, free_from, id) WHERE enabled = 1;
CREATE INDEX number_by_rest_in_group
    ON number (application_id, group_name, free_from, id) WHERE enabled = 1;

CREATE TABLE allocation (
    id TEXT PRIMARY KEY,                   -- a ULID: sorts by the time it was made
    number_id INTEGER NOT NULL REFERENCES number (id),
    application_id INTEGER NOT NULL REFERENCES application (id),
    interaction TEXT NOT NULL,
    group_name TEXT,
    allocated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_as TEXT,                         -- domain/values.py, Ending
    CHECK ((ended_at IS NULL) = (ended_as IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX allocation_open_on_number ON allocation (number_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX allocation_open_of_interaction
    ON allocation (application_id, interaction) WHERE ended_at IS NULL;
CREATE INDEX allocation_by_expiry ON allocation (expires_at) WHERE ended_at IS NULL;

-- What a call was told, so that the same call asking again is told the same.
CREATE TABLE answer (
    number_id INTEGER NOT NULL REFERENCES number (id),
    pbx TEXT NOT NULL,
    uniqueid TEXT NOT NULL,
    status TEXT NOT NULL,                  -- domain/values.py, Status
    allocation_id TEXT NOT NULL,
    answered_at INTEGER NOT NULL,
    PRIMARY KEY (number_id, pbx, uniqueid)
) STRICT, WITHOUT ROWID;

-- Every change, in the order it was made. Rows are added, never altered.
CREATE TABLE journal (
    id TEXT PRIMARY KEY,                   -- a ULID: sorts by the time it was written
    at INTEGER NOT NULL,                   -- when it happened; an expiry is dated at its instant
    event TEXT NOT NULL,                   -- what happened, in the journal's words
    environment_id INTEGER NOT NULL,
    number TEXT NOT NULL,
    allocation_id TEXT NOT NULL,
    interaction TEXT NOT NULL,
    expires_at INTEGER,
    pbx TEXT,
    uniqueid TEXT,
    ani TEXT
) STRICT, WITHOUT ROWID;
