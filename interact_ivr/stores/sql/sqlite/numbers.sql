-- The queries of the pools' inventory. Numbers below the floor belong to an unfinished import.
-- CROSS JOIN keeps json_each outside: the planner does not know how few its rows are.

-- name: add_number
INSERT INTO number
    (environment_id, application_id, number, entered, dnid, group_name, enabled)
VALUES (:environment, :application, :number, :entered, :dnid, :group, :enabled)
ON CONFLICT (environment_id, number) DO NOTHING

-- name: write_hidden
INSERT INTO number
    (environment_id, application_id, number, entered, dnid, group_name, enabled, free_from)
SELECT :environment, :application, json_extract(value, '$[0]'), json_extract(value, '$[1]'),
    json_extract(value, '$[2]'), json_extract(value, '$[3]'), json_extract(value, '$[4]'),
    (SELECT floor FROM inventory) - 1
FROM json_each(:rows) WHERE true
ON CONFLICT (environment_id, number) DO NOTHING

-- name: show_hidden
UPDATE inventory SET floor = floor - 1

-- name: discard_hidden
DELETE FROM number WHERE id IN (
    SELECT id FROM number
    WHERE free_from <= 0 AND free_from < (SELECT floor FROM inventory)
    LIMIT :limit)

-- name: discard_hidden_of_application
DELETE FROM number
WHERE free_from <= 0 AND free_from < (SELECT floor FROM inventory)
  AND application_id = :application

-- name: discard_hidden_of_environment
DELETE FROM number
WHERE free_from <= 0 AND free_from < (SELECT floor FROM inventory)
  AND environment_id = :environment

-- name: find_pool
SELECT 1 FROM application WHERE id = :application

-- name: known_numbers
SELECT number, entered, group_name, dnid, enabled, application_id = :application
FROM json_each(:keys) CROSS JOIN number ON environment_id = :environment AND number = value
WHERE free_from >= (SELECT floor FROM inventory)

-- name: known_dnids
SELECT dnid, number
FROM json_each(:dnids) CROSS JOIN number ON environment_id = :environment AND dnid = value
WHERE application_id = :application AND free_from >= (SELECT floor FROM inventory)

-- name: doubled_dnids
-- Hidden ones of the same import count, too: it may write what doubles in two steps.
SELECT json_extract(value, '$[1]'), dnid, number
FROM json_each(:rows) CROSS JOIN number
    ON environment_id = :environment AND dnid = json_extract(value, '$[2]')
WHERE application_id = :application AND number <> json_extract(value, '$[0]')
LIMIT :limit

-- name: set_enabled
UPDATE number SET enabled = :enabled WHERE environment_id = :environment AND number = :number

-- name: remove_answers
DELETE FROM answer WHERE number_id = :id

-- name: remove_ringing
DELETE FROM ringing WHERE number_id = :id

-- name: remove_allocations
DELETE FROM allocation WHERE number_id = :id

-- name: remove_number
DELETE FROM number WHERE id = :id

-- part: fitting
FROM number LEFT JOIN allocation ON allocation.id = number.allocation_id
WHERE environment_id = :environment
  AND number.application_id = :application
  AND free_from >= (SELECT floor FROM inventory)
  AND (:group IS NULL OR number.group_name = :group)
  AND (:state IS NULL OR :state = CASE
    WHEN number.allocation_id IS NOT NULL AND free_from > :now THEN 'allocated'
    WHEN number.allocation_id IS NOT NULL THEN 'lapsed'
    WHEN free_from > :rested_before THEN 'resting'
    ELSE 'idle' END)
  AND (:enabled IS NULL OR enabled = :enabled)
  AND (:prefix = '' OR substr(number, 1, length(:prefix)) = :prefix)
  AND (:text = '' OR instr(number, :text) > 0 OR instr(entered, :text) > 0 OR dnid = :text
    OR number.allocation_id IS NOT NULL AND interaction = :text)

-- name: list_numbers
SELECT number, entered, dnid, number.group_name, enabled, number.allocation_id, free_from, interaction
{fitting}
  AND number > :after
ORDER BY number LIMIT :limit

-- name: count_numbers
-- As many as list_numbers would show, without a row of them.
SELECT count(*)
{fitting}

-- name: count_by_standing
SELECT
    sum(allocation_id IS NOT NULL AND free_from > :now),
    sum(allocation_id IS NOT NULL AND free_from <= :now),
    sum(allocation_id IS NULL AND free_from > :rested_before),
    sum(allocation_id IS NULL AND free_from <= :rested_before)
FROM number
WHERE application_id = :application AND enabled = 1
  AND free_from >= (SELECT floor FROM inventory)
