-- What a store with several writers needs beside: one time, one lock, and what became of a commit.

-- name: read_clock
-- Sent behind the statement that locks: read when that has its lock. Store time is never earlier
-- than the last entry, whatever clock the server that was promoted has.
SELECT store_now(), (SELECT max(id) FROM journal)

-- name: probe
-- What changes something has such an id, and only a primary gives them.
SELECT pg_current_xact_id()

-- name: lock_directory
SELECT 1 FROM inventory WHERE id = 1 FOR UPDATE

-- name: claim_entry
-- Waits for whoever is writing this very entry; writes nothing where it is there. Always undone.
INSERT INTO journal (id, at, event, environment_id, number, allocation_id, interaction)
VALUES (:id, 0, '', 0, '', '', '')
ON CONFLICT (id) DO NOTHING

-- name: claim_act
-- The same of the audit trail.
INSERT INTO audit
    (id, at, who, source, action, object, tenant, environment, outcome)
VALUES
    (:id, 0, '', '', '', '', '', '', '')
ON CONFLICT (id) DO NOTHING

-- name: end_session
-- Ends the session that a commit was sent over, and waits for that: what of it is still under way
-- comes too late then. One that waits for a standby has committed, and is left to do so.
SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
WHERE pid = :session AND pid <> pg_backend_pid() AND datname = current_database()
  AND usename = current_user AND wait_event IS DISTINCT FROM 'SyncRep'

-- name: follow_commit
-- Something to commit: that waits for every standby that an earlier commit has to be on.
SELECT pg_logical_emit_message(true, 'interact_ivr', '')

-- name: oldest_writer
-- Since when the oldest transaction runs that may have entries to come; NULL: there is none.
SELECT (extract(epoch FROM min(xact_start)) * 1000000)::BIGINT
FROM pg_stat_activity
WHERE datname = current_database() AND backend_xid IS NOT NULL

-- name: retrieve_plainly
-- A call is told FOUND in one statement, where nothing else could be said: of the keys the first that
-- is a number counts, and is allocated; the call has asked nothing before, and this caller has
-- retrieved nothing from it within any pool's time for redialing. All else is left as it is. What
-- a statement sees is as of its beginning, its locked row alone is the latest: an allocation that came
-- in between is not seen, and so this is not plain. What comes to the server later than :until, or has
-- waited for the row until then, does nothing.
WITH locked AS MATERIALIZED (
    SELECT id, number, allocation_id, free_from FROM number
    WHERE id = (
        SELECT asked.id FROM json_array_elements_text(:keys::JSON) WITH ORDINALITY AS key (key, place)
        JOIN number AS asked ON environment_id = :environment AND number = key
        WHERE free_from >= (SELECT floor FROM inventory)
        ORDER BY place LIMIT 1)
      AND allocation_id IS NOT NULL AND free_from >= (SELECT floor FROM inventory)
    FOR UPDATE
), timed AS MATERIALIZED (
    SELECT *, store_now() AS now FROM locked
), plain AS MATERIALIZED (
    SELECT *, ulid_front(now) || :random AS entry FROM timed
    WHERE now < free_from AND (:until::BIGINT IS NULL OR now < :until)
      AND ulid_front(now) || :random > coalesce((SELECT max(id) FROM journal), '')
      AND NOT EXISTS (
          SELECT 1 FROM answer
          WHERE answer.number_id = timed.id AND pbx = :pbx AND uniqueid = :uniqueid)
      AND NOT EXISTS (
          SELECT 1 FROM allocation
          WHERE allocation.number_id = timed.id AND ended_as = 'retrieved' AND ended_by = :caller
            AND ended_at > now - :redial_for)
), ended AS (
    UPDATE allocation SET ended_at = now, ended_as = 'retrieved', ended_by = :caller
    FROM plain WHERE allocation.id = plain.allocation_id AND ended_at IS NULL
    RETURNING allocation.id, interaction, group_name, allocated_at,
        CASE WHEN caller IS NULL THEN NULL WHEN caller = :caller THEN 1 ELSE 0 END AS caller_match
), freed AS (
    UPDATE number SET allocation_id = NULL, last_allocation_id = ended.id, free_from = now
    FROM plain, ended WHERE number.id = plain.id
), answered AS (
    INSERT INTO answer
        (number_id, pbx, uniqueid, status, allocation_id, last_end, caller_match, reveals_id,
         answered_at)
    SELECT plain.id, :pbx, :uniqueid, 'FOUND', ended.id, 'retrieved', caller_match, 0, now
    FROM plain, ended
), stopped AS (
    DELETE FROM ringing USING plain, ended
    WHERE ringing.number_id = plain.id AND pbx = :pbx AND uniqueid = :uniqueid
), written AS (
    INSERT INTO journal
        (id, at, event, environment_id, number, allocation_id, interaction, pbx, uniqueid, ani)
    SELECT entry, now, 'retrieved', :environment, number, ended.id, interaction, :pbx, :uniqueid,
        :ani
    FROM plain, ended
)
SELECT now, number, ended.id, interaction, group_name, allocated_at, caller_match
FROM plain, ended
