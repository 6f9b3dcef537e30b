-- runs with: 1
-- All that SQLite's schema 10 has, by the same names (sql/sqlite/migrations say what each is for).
-- Texts compare by their bytes, as SQLite's do. Times are microseconds since 1970 UTC; flags are 0
-- or 1. Ids are given by whoever writes a row, under a lock where they must not be given twice:
-- there is no sequence, no trigger, no advisory lock.

CREATE TABLE tenant (
    name TEXT COLLATE "C" PRIMARY KEY
);

CREATE TABLE environment (
    id BIGINT PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    dial_plan TEXT COLLATE "C",            -- NULL: the configured one
    UNIQUE (tenant, name)
);

CREATE TABLE application (
    id BIGINT PRIMARY KEY,
    environment_id BIGINT NOT NULL REFERENCES environment (id),
    name TEXT COLLATE "C" NOT NULL,
    -- NULL: it is a DNIS application, else a consumer application and this is its DNIS application.
    allocates_from BIGINT REFERENCES application (id),
    hold_for BIGINT,                       -- its own settings; NULL: as configured
    rest_for BIGINT,
    redial_for BIGINT,
    late_for BIGINT,
    strict_rest INTEGER CHECK (strict_rest IN (0, 1)),
    replace_on_repeat INTEGER CHECK (replace_on_repeat IN (0, 1)),
    late_reveals_id INTEGER CHECK (late_reveals_id IN (0, 1)),
    UNIQUE (environment_id, name)
);

CREATE TABLE application_key (
    application_id BIGINT NOT NULL REFERENCES application (id),
    environment_id BIGINT NOT NULL REFERENCES environment (id),
    prefix TEXT COLLATE "C" NOT NULL,      -- how it begins
    digest BYTEA NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (application_id, prefix),
    UNIQUE (environment_id, digest)        -- a key names one application
);

CREATE TABLE user_account (
    tenant TEXT COLLATE "C" NOT NULL REFERENCES tenant (name),
    name TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, name)
);

CREATE TABLE token (
    prefix TEXT COLLATE "C" PRIMARY KEY,   -- how it begins
    digest BYTEA NOT NULL UNIQUE,
    role TEXT COLLATE "C" NOT NULL,        -- domain/access.py, Role
    environment_id BIGINT NOT NULL REFERENCES environment (id),
    application_id BIGINT REFERENCES application (id),
    extensions TEXT COLLATE "C" NOT NULL,  -- separated by spaces; none: all
    added_at BIGINT NOT NULL,
    expires_at BIGINT
);

-- Its row is also the lock of whoever changes what is rarely changed: the directory, and which
-- numbers there are.
CREATE TABLE inventory (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    floor BIGINT NOT NULL CHECK (floor <= 0)
);

-- Its row is the lock of a number's life: who has it reads, and then writes, all the rest.
CREATE TABLE number (
    id BIGINT PRIMARY KEY,
    environment_id BIGINT NOT NULL REFERENCES environment (id),
    application_id BIGINT NOT NULL REFERENCES application (id),
    number TEXT COLLATE "C" NOT NULL,      -- normalized by the environment's dial plan
    entered TEXT COLLATE "C" NOT NULL,     -- the digits as the administrator wrote them
    dnid TEXT COLLATE "C",
    group_name TEXT COLLATE "C",
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    allocation_id TEXT COLLATE "C",        -- the allocation whose end is not in the journal yet
    free_from BIGINT NOT NULL DEFAULT 0,   -- its expiry; else the last one's end; 0: never lent
    last_allocation_id TEXT COLLATE "C",   -- the one that ended last
    UNIQUE (environment_id, number)
);
CREATE INDEX number_by_rest ON number (application_id, free_from, id) WHERE enabled = 1;
CREATE INDEX number_by_rest_in_group
    ON number (application_id, group_name, free_from, id) WHERE enabled = 1;
CREATE INDEX number_never_lent ON number (free_from) WHERE free_from <= 0;
CREATE INDEX number_by_dnid ON number (environment_id, dnid, number) WHERE dnid IS NOT NULL;

-- Of the application there is no foreign key: each allocation would write a lock into its row.
CREATE TABLE allocation (
    id TEXT COLLATE "C" PRIMARY KEY,       -- a ULID: sorts by the time it was made
    number_id BIGINT NOT NULL REFERENCES number (id),
    application_id BIGINT NOT NULL,        -- the number's
    interaction TEXT COLLATE "C" NOT NULL,
    group_name TEXT COLLATE "C",
    allocated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_as TEXT COLLATE "C",             -- domain/values.py, Ending
    caller TEXT COLLATE "C",               -- expected to call from; as stored
    ended_by TEXT COLLATE "C",             -- the ANI that retrieved it; as stored
    group_asked INTEGER NOT NULL DEFAULT 0 CHECK (group_asked IN (0, 1)),
    CHECK ((ended_at IS NULL) = (ended_as IS NULL))
);
CREATE UNIQUE INDEX allocation_open_on_number ON allocation (number_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX allocation_open_of_interaction
    ON allocation (application_id, interaction) WHERE ended_at IS NULL;
CREATE INDEX allocation_by_expiry ON allocation (expires_at) WHERE ended_at IS NULL;
CREATE INDEX allocation_by_caller ON allocation (number_id, ended_by, ended_at)
    WHERE ended_as = 'retrieved' AND ended_by IS NOT NULL;
CREATE INDEX allocation_of_number ON allocation (number_id, id);
CREATE INDEX allocation_of_interaction ON allocation (interaction, id);

CREATE TABLE answer (
    number_id BIGINT NOT NULL REFERENCES number (id),
    pbx TEXT COLLATE "C" NOT NULL,
    uniqueid TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,      -- domain/values.py, Status
    allocation_id TEXT COLLATE "C" NOT NULL,
    answered_at BIGINT NOT NULL,
    last_end TEXT COLLATE "C",             -- LATE: how the last holder's ended
    caller_match INTEGER,                  -- FOUND: 1 or 0; NULL: nobody was expected
    reveals_id INTEGER NOT NULL DEFAULT 0, -- LATE: tells whose it was
    PRIMARY KEY (number_id, pbx, uniqueid)
);
CREATE INDEX answer_of_allocation ON answer (allocation_id);
CREATE INDEX answer_of_call ON answer (pbx, uniqueid);

CREATE TABLE ringing (
    number_id BIGINT NOT NULL REFERENCES number (id),
    pbx TEXT COLLATE "C" NOT NULL,
    uniqueid TEXT COLLATE "C" NOT NULL,
    until BIGINT NOT NULL,                 -- at the latest
    since BIGINT NOT NULL DEFAULT 0,       -- without a break
    PRIMARY KEY (number_id, pbx, uniqueid)
);
CREATE INDEX ringing_by_call ON ringing (pbx, uniqueid);

CREATE TABLE journal (
    id TEXT COLLATE "C" PRIMARY KEY,       -- a ULID: of one number they are in order
    at BIGINT NOT NULL,                    -- when it happened; an expiry is dated at its instant
    event TEXT COLLATE "C" NOT NULL,
    environment_id BIGINT NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    allocation_id TEXT COLLATE "C" NOT NULL,
    interaction TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT,
    pbx TEXT COLLATE "C",
    uniqueid TEXT COLLATE "C",
    ani TEXT COLLATE "C",
    detail TEXT COLLATE "C"
);
CREATE INDEX journal_of_number ON journal (environment_id, number, id);
CREATE INDEX journal_of_interaction ON journal (environment_id, interaction, id);
CREATE INDEX journal_of_call ON journal (uniqueid, id) WHERE uniqueid IS NOT NULL;

INSERT INTO tenant (name) VALUES ('default');
INSERT INTO environment (id, tenant, name) VALUES (1, 'default', 'default');
INSERT INTO application (id, environment_id, name) VALUES (1, 1, 'default');
INSERT INTO inventory (id, floor) VALUES (1, 0);

-- The time now, or that which a test has set for its session.
CREATE FUNCTION store_now() RETURNS BIGINT LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(
        nullif(current_setting('interact_ivr.now', true), '')::BIGINT,
        (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT)
$$;

-- The twelve letters by which every ULID of an instant begins (domain/names.py, new_ulid): ten of its
-- milliseconds, two of the microseconds within. One expression, so that it is no call.
CREATE FUNCTION ulid_letter(digit BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', digit::INTEGER + 1, 1)
$$;
CREATE FUNCTION ulid_front(micros BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT ulid_letter((micros / 1000 >> 45) & 31)
        || ulid_letter((micros / 1000 >> 40) & 31)
        || ulid_letter((micros / 1000 >> 35) & 31)
        || ulid_letter((micros / 1000 >> 30) & 31)
        || ulid_letter((micros / 1000 >> 25) & 31)
        || ulid_letter((micros / 1000 >> 20) & 31)
        || ulid_letter((micros / 1000 >> 15) & 31)
        || ulid_letter((micros / 1000 >> 10) & 31)
        || ulid_letter((micros / 1000 >> 5) & 31)
        || ulid_letter((micros / 1000 >> 0) & 31)
        || ulid_letter(micros % 1000 >> 5)
        || ulid_letter(micros % 1000 & 31)
$$;
