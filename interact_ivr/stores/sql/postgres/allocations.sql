-- The queries of a number's life. What finds a number to change it locks its row; what is joined to
-- it is as of the statement's beginning, so that it belongs together is asked of the row itself.

-- name: find_number
SELECT id, application_id, number, entered, group_name, allocation_id, free_from,
    last_allocation_id
FROM number
WHERE environment_id = :environment AND number = :number
  AND free_from >= (SELECT floor FROM inventory)
FOR UPDATE

-- name: find_by_keys
-- In one order, whoever asks: so nobody waits in a circle.
WITH found AS (
    SELECT place, (value->>0)::BIGINT AS at, number.id, number.application_id, number, entered,
        number.group_name, number.allocation_id, free_from, last_allocation_id, interaction
    FROM json_array_elements(:asked::JSON) WITH ORDINALITY AS asked (value, place)
    JOIN number ON environment_id = (value->>1)::BIGINT AND number = value->>2
    LEFT JOIN allocation ON allocation.id = number.allocation_id
    WHERE free_from >= (SELECT floor FROM inventory)
    ORDER BY number.id
    FOR UPDATE OF number
)
SELECT coalesce(json_agg(json_build_array(at, id, application_id, number, entered, group_name,
    allocation_id, free_from, last_allocation_id, interaction) ORDER BY place), '[]')::TEXT
FROM found

-- name: find_by_dnid
SELECT id, application_id, number, entered, group_name, allocation_id, free_from,
    last_allocation_id
FROM number
WHERE environment_id = :environment AND dnid = :dnid
  AND (:application::BIGINT IS NULL OR application_id = :application)
  AND free_from >= (SELECT floor FROM inventory)
ORDER BY number LIMIT :limit
FOR UPDATE

-- name: find_open_allocation_of_interaction
SELECT number.id, number.application_id, number, entered, number.group_name, allocation_id,
    free_from, last_allocation_id
FROM allocation
JOIN number ON number.id = allocation.number_id AND number.allocation_id = allocation.id
WHERE allocation.application_id = :application AND interaction = :interaction
  AND ended_at IS NULL
FOR UPDATE OF number

-- name: lock_tenant
SELECT name FROM tenant WHERE name = (SELECT tenant FROM environment WHERE id = :environment)
FOR NO KEY UPDATE

-- name: count_open_allocations_of_tenant
SELECT count(*) FROM (
    SELECT 1 FROM environment AS own
    JOIN environment AS each ON each.tenant = own.tenant
    JOIN application ON application.environment_id = each.id
    JOIN allocation ON allocation.application_id = application.id AND ended_at IS NULL
    WHERE own.id = :environment
    LIMIT :most
) AS open

-- name: lock_application
-- What is counted behind it stays so until the end, and foreign keys do not wait for it.
SELECT id FROM application WHERE id = :application
FOR NO KEY UPDATE

-- name: count_open_allocations
SELECT count(*) FROM (
    SELECT 1 FROM allocation WHERE application_id = :application AND ended_at IS NULL LIMIT :most
) AS open

-- name: find_longest_rested
SELECT id, application_id, number, entered, group_name, allocation_id, free_from,
    last_allocation_id
FROM number
WHERE application_id = :application AND enabled = 1
  AND free_from BETWEEN (SELECT floor FROM inventory) AND :rested_before
  AND NOT EXISTS (SELECT 1 FROM ringing WHERE number_id = number.id AND until > :now)
ORDER BY free_from, id LIMIT 1
FOR UPDATE SKIP LOCKED

-- name: find_longest_rested_in_group
SELECT id, application_id, number, entered, group_name, allocation_id, free_from,
    last_allocation_id
FROM number
WHERE application_id = :application AND group_name = :group AND enabled = 1
  AND free_from BETWEEN (SELECT floor FROM inventory) AND :rested_before
  AND NOT EXISTS (SELECT 1 FROM ringing WHERE number_id = number.id AND until > :now)
ORDER BY free_from, id LIMIT 1
FOR UPDATE SKIP LOCKED

-- name: get_allocation
SELECT id, interaction, group_name, caller, allocated_at, expires_at, ended_at, ended_as, ended_by
FROM allocation WHERE id = :allocation

-- name: find_last_retrieved_by
SELECT id, interaction, group_name, caller, allocated_at, expires_at, ended_at, ended_as, ended_by
FROM allocation
WHERE number_id = :number_id AND ended_as = 'retrieved' AND ended_by = :caller
ORDER BY ended_at DESC, id DESC LIMIT 1

-- name: add_allocation
INSERT INTO allocation
    (id, number_id, application_id, interaction, group_name, group_asked, caller, allocated_at,
     expires_at)
VALUES (:id, :number_id, :application, :interaction, :group, :group_asked, :caller, :allocated_at,
     :expires_at)

-- name: renew_allocation
UPDATE allocation
SET expires_at = :expires_at, caller = coalesce(:caller::TEXT, caller), group_asked = :group_asked
WHERE id = :id

-- name: find_asked_group
SELECT group_name FROM allocation WHERE id = :allocation AND group_asked = 1

-- name: end_allocation
UPDATE allocation SET ended_at = :at, ended_as = :ending, ended_by = :ended_by WHERE id = :id

-- name: end_allocations
UPDATE allocation SET ended_at = :at, ended_as = :ending
WHERE id IN (SELECT value FROM json_array_elements_text(:ids::JSON) AS value)

-- name: end_standings
UPDATE number
SET last_allocation_id = allocation_id, allocation_id = NULL, free_from = :at
WHERE id IN (SELECT value::BIGINT FROM json_array_elements_text(:ids::JSON) AS value)

-- name: set_standing
UPDATE number
SET allocation_id = :allocation, free_from = :free_from, last_allocation_id = :last
WHERE id = :id

-- name: find_answer
SELECT status, allocation_id, last_end, caller_match, reveals_id FROM answer
WHERE number_id = :number_id AND pbx = :pbx AND uniqueid = :uniqueid

-- name: add_answer
INSERT INTO answer
    (number_id, pbx, uniqueid, status, allocation_id, last_end, caller_match, reveals_id,
     answered_at)
VALUES (:number_id, :pbx, :uniqueid, :status, :allocation, :last_end, :caller_match, :reveals_id,
     :at)

-- name: set_ringing
INSERT INTO ringing (number_id, pbx, uniqueid, since, until)
VALUES (:number_id, :pbx, :uniqueid, :since, :until)
ON CONFLICT (number_id, pbx, uniqueid) DO UPDATE
SET until = excluded.until,
    since = CASE WHEN ringing.until > :now THEN ringing.since ELSE excluded.since END

-- name: ringing_calls
SELECT DISTINCT uniqueid FROM ringing WHERE pbx = :pbx AND until > :now

-- name: end_ringing
DELETE FROM ringing WHERE pbx = :pbx AND uniqueid = :uniqueid

-- name: end_ringing_on_number
DELETE FROM ringing WHERE number_id = :number_id AND pbx = :pbx AND uniqueid = :uniqueid

-- name: forget_ringing
DELETE FROM ringing WHERE until <= :now

-- name: is_ringing
SELECT 1 FROM ringing WHERE number_id = :number_id AND until > :now LIMIT 1

-- name: rings_since_before
SELECT 1 FROM ringing
WHERE number_id = :number_id AND pbx = :pbx AND uniqueid = :uniqueid
  AND since < :before AND until > :now

-- name: is_held_open
-- By a call that was there before the allocation ran out, and is there still.
SELECT 1 FROM ringing
WHERE number_id = :number_id AND since < :expires_at AND until > :now LIMIT 1

-- name: is_held_open_by_another
SELECT 1 FROM ringing
WHERE number_id = :number_id AND since < :expires_at AND until > :now
  AND NOT (pbx = :pbx AND uniqueid = :uniqueid)
LIMIT 1

-- name: find_lapsed
SELECT number.id, number.application_id, number, entered, number.group_name, allocation_id,
    free_from, last_allocation_id, environment_id
FROM allocation
JOIN number ON number.id = allocation.number_id AND number.allocation_id = allocation.id
WHERE ended_at IS NULL AND expires_at <= :now AND free_from <= :now
  AND NOT EXISTS (
      SELECT 1 FROM ringing
      WHERE ringing.number_id = number.id AND since < expires_at AND until > :now)
ORDER BY expires_at LIMIT :limit
FOR UPDATE OF number SKIP LOCKED

-- name: next_deadline
SELECT min(due) FROM (
    SELECT min(expires_at) AS due FROM allocation WHERE ended_at IS NULL AND expires_at > :now
    UNION ALL
    SELECT min(until) FROM ringing
    UNION ALL
    SELECT min(expires_at) FROM allocation AS lapsed
    WHERE ended_at IS NULL AND expires_at <= :now
      AND NOT EXISTS (
          SELECT 1 FROM ringing
          WHERE ringing.number_id = lapsed.number_id AND since < expires_at AND until > :now)
) AS deadlines

-- name: write_journal
INSERT INTO journal
    (id, at, event, environment_id, number, allocation_id, interaction, expires_at,
     pbx, uniqueid, ani, detail)
VALUES (:id, :at, :event, :environment, :number, :allocation, :interaction, :expires_at,
     :pbx, :uniqueid, :ani, :detail)

-- name: write_journal_of_many
INSERT INTO journal (id, at, event, environment_id, number, allocation_id, interaction, detail)
SELECT value->>0, :at, :event, (value->>1)::BIGINT, value->>2, value->>3, value->>4, value->>5
FROM json_array_elements(:rows::JSON) AS value
