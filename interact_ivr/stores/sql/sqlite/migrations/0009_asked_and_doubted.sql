-- What an interaction asked for, and whether the wall clock is believed.

ALTER TABLE allocation ADD COLUMN group_asked INTEGER NOT NULL DEFAULT 0
    CHECK (group_asked IN (0, 1));         -- 0: it was lent a number of whatever group
UPDATE allocation SET group_asked = 1 WHERE ended_at IS NULL AND group_name IS NOT NULL;

-- Microseconds of the boot clock until which nothing is purged; 0: the wall clock is believed.
ALTER TABLE clock ADD COLUMN doubted_until INTEGER NOT NULL DEFAULT 0;
