-- A call that is on a number knows whether it was there before the allocation ran out.

ALTER TABLE ringing ADD COLUMN since INTEGER NOT NULL DEFAULT 0;  -- without a break
