-- The queries of the pools' inventory. Numbers below the floor belong to an unfinished import. Who adds
-- numbers has the lock of `find_pool`, so that ids and DNIDs are not given twice.

-- name: add_number
INSERT INTO number
    (id, environment_id, application_id, number, entered, dnid, group_name, enabled)
VALUES ((SELECT coalesce(max(id), 0) + 1 FROM number), :environment, :application, :number, :entered,
    :dnid, :group, :enabled)
ON CONFLICT (environment_id, number) DO NOTHING

-- name: write_hidden
INSERT INTO number
    (id, environment_id, application_id, number, entered, dnid, group_name, enabled, free_from)
SELECT (SELECT coalesce(max(id), 0) FROM number) + place, :environment, :application, value->>0,
    value->>1, value->>2, value->>3, (value->>4)::INTEGER, (SELECT floor FROM inventory) - 1
FROM json_array_elements(:rows::JSON) WITH ORDINALITY AS rows (value, place)
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
SELECT 1 FROM application, inventory WHERE application.id = :application
FOR UPDATE OF inventory

-- name: known_numbers
SELECT number, entered, group_name, dnid, enabled, application_id = :application
FROM json_array_elements_text(:keys::JSON) WITH ORDINALITY AS keys (value, place)
JOIN number ON environment_id = :environment AND number = value
WHERE free_from >= (SELECT floor FROM inventory)
ORDER BY place

-- name: known_dnids
SELECT dnid, number
FROM json_array_elements_text(:dnids::JSON) AS value
JOIN number ON environment_id = :environment AND dnid = value
WHERE application_id = :application AND free_from >= (SELECT floor FROM inventory)

-- name: doubled_dnids
-- Hidden ones of the same import count, too: it may write what doubles in two steps.
SELECT value->>1, dnid, number
FROM json_array_elements(:rows::JSON) WITH ORDINALITY AS rows (value, place)
JOIN number ON environment_id = :environment AND dnid = value->>2
WHERE application_id = :application AND number <> value->>0
ORDER BY place LIMIT :limit

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
  AND (:group::TEXT IS NULL OR number.group_name = :group)
  AND (:state::TEXT IS NULL OR :state = CASE
    WHEN number.allocation_id IS NOT NULL AND free_from > :now THEN 'allocated'
    WHEN number.allocation_id IS NOT NULL THEN 'lapsed'
    WHEN free_from > :rested_before THEN 'resting'
    ELSE 'idle' END)
  AND (:enabled::INTEGER IS NULL OR enabled = :enabled)
  AND (:prefix::TEXT = '' OR substr(number, 1, length(:prefix)) = :prefix)
  AND (:text::TEXT = '' OR strpos(number, :text) > 0 OR strpos(entered, :text) > 0 OR dnid = :text
    OR number.allocation_id IS NOT NULL AND interaction = :text)

-- name: list_numbers
SELECT number, entered, dnid, number.group_name, enabled, number.allocation_id, free_from, interaction
{fitting}
  AND number > :after
ORDER BY number LIMIT nullif(:limit, -1)

-- name: count_numbers
-- As many as list_numbers would show, without a row of them.
SELECT count(*)
{fitting}

-- name: count_by_standing
SELECT
    count(*) FILTER (WHERE allocation_id IS NOT NULL AND free_from > :now),
    count(*) FILTER (WHERE allocation_id IS NOT NULL AND free_from <= :now),
    count(*) FILTER (WHERE allocation_id IS NULL AND free_from > :rested_before),
    count(*) FILTER (WHERE allocation_id IS NULL AND free_from <= :rested_before)
FROM number
WHERE application_id = :application AND enabled = 1
  AND free_from >= (SELECT floor FROM inventory)
