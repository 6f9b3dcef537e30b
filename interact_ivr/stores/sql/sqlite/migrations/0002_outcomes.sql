-- What REDIAL, LATE, AMBIGUOUS and a ringing call need to know.

ALTER TABLE number ADD COLUMN last_allocation_id TEXT;       -- the one that ended last
ALTER TABLE allocation ADD COLUMN caller TEXT;               -- expected to call from; as stored
ALTER TABLE allocation ADD COLUMN ended_by TEXT;             -- the ANI that retrieved it; as stored
ALTER TABLE answer ADD COLUMN last_end TEXT;                 -- LATE: how the last holder's ended
ALTER TABLE journal ADD COLUMN detail TEXT;

-- For these updates only: without them each row would look through all of another table.
CREATE INDEX retrieved_in_journal ON journal (allocation_id) WHERE event = 'retrieved';
CREATE INDEX ended_on_number ON allocation (number_id, ended_at, id) WHERE ended_at IS NOT NULL;

UPDATE allocation SET ended_by = (
    SELECT ani FROM journal WHERE event = 'retrieved' AND allocation_id = allocation.id
) WHERE ended_as = 'retrieved';
UPDATE number SET last_allocation_id = (
    SELECT id FROM allocation
    WHERE number_id = number.id AND ended_at IS NOT NULL ORDER BY ended_at DESC, id DESC LIMIT 1
);

DROP INDEX retrieved_in_journal;
DROP INDEX ended_on_number;

CREATE INDEX allocation_by_caller ON allocation (number_id, ended_by, ended_at)
    WHERE ended_as = 'retrieved' AND ended_by IS NOT NULL;

-- Calls that are on a number now: it is neither lent nor told expired until they end.
CREATE TABLE ringing (
    number_id INTEGER NOT NULL REFERENCES number (id),
    pbx TEXT NOT NULL,
    uniqueid TEXT NOT NULL,
    until INTEGER NOT NULL,                -- at the latest
    PRIMARY KEY (number_id, pbx, uniqueid)
) STRICT, WITHOUT ROWID;
CREATE INDEX ringing_by_call ON ringing (pbx, uniqueid);
