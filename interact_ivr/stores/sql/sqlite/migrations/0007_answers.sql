-- A repeated answer says what the first one said, whatever the repeat comes with.

ALTER TABLE answer ADD COLUMN caller_match INTEGER;  -- FOUND: 1 or 0; NULL: nobody was expected
ALTER TABLE answer ADD COLUMN reveals_id INTEGER NOT NULL DEFAULT 0;  -- LATE: tells whose it was

UPDATE answer SET caller_match = (
    SELECT coalesce(caller = ended_by, 0) FROM allocation
    WHERE id = allocation_id AND caller IS NOT NULL
) WHERE status = 'FOUND';
