-- runs with: 1
-- Who shares the store, and who does what is done once for all of them. The release before knows
-- nothing of it, and need not: what it does beside is done twice, and a change of the directory that
-- it makes is seen by the others when they start.

CREATE TABLE node (
    incarnation TEXT COLLATE "C" PRIMARY KEY,  -- a process, by chance
    name TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,         -- where its HTTP is
    since BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    alive_until BIGINT NOT NULL,               -- it is silent if it has not been seen again by then
    facts TEXT NOT NULL                        -- JSON, as its status has them
);

CREATE TABLE duty (
    name TEXT COLLATE "C" PRIMARY KEY,
    incarnation TEXT COLLATE "C" NOT NULL,     -- who has it
    until BIGINT NOT NULL                      -- then anybody may
);

-- One more for each change of the directory.
ALTER TABLE inventory ADD COLUMN directory_revision BIGINT NOT NULL DEFAULT 0;
