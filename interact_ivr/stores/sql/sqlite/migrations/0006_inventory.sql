-- Imports that become visible at once, DNIDs, and numbers that are taken out.

-- The free_from of a number that was never lent is 0 or less. An import writes its numbers one below
-- the floor, where look-ups do not see them and the search for the longest-rested begins above them;
-- lowering the floor by one shows them all.
CREATE TABLE inventory (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    floor INTEGER NOT NULL CHECK (floor <= 0)
) STRICT;

INSERT INTO inventory (id, floor) VALUES (1, 0);

CREATE INDEX number_never_lent ON number (free_from) WHERE free_from <= 0;
CREATE INDEX number_by_dnid ON number (environment_id, dnid, number) WHERE dnid IS NOT NULL;
