-- The queries of a number's life. All run inside the writer's transaction.

-- name: find_number
SELECT id, number, entered, group_name, allocation_id, free_from
FROM number
WHERE environment_id = :environment AND number = :number
  AND free_from >= (SELECT floor FROM inventory)

-- name: find_by_dnid
SELECT id, number, entered, group_name, allocation_id, free_from
FROM number
WHERE environment_id = :environment AND dnid = :dnid
  AND free_from >= (SELECT floor FROM inventory)
ORDER BY number LIMIT :limit

-- name: find_open_allocation_of_interaction
SELECT number.id, number, entered, number.group_name, allocation_id, free_from
FROM allocation JOIN number ON number.id = allocation.number_id
WHERE allocation.application_id = :application AND interaction = :interaction
  AND ended_at IS NULL

-- name: find_longest_rested
SELECT id, number, entered, group_name, allocation_id, free_from
FROM number
WHERE application_id = :application AND enabled = 1
  AND free_from BETWEEN (SELECT floor FROM inventory) AND :rested_before
ORDER BY free_from, id LIMIT 1

-- name: find_longest_rested_in_group
SELECT id, number, entered, group_name, allocation_id, free_from
FROM number
WHERE application_id = :application AND group_name = :group AND enabled = 1
  AND free_from BETWEEN (SELECT floor FROM inventory) AND :rested_before
ORDER BY free_from, id LIMIT 1

-- name: get_allocation
SELECT id, interaction, group_name, allocated_at, expires_at, ended_at
FROM allocation WHERE id = :allocation

-- name: add_allocation
INSERT INTO allocation
    (id, number_id, application_id, interaction, group_name, allocated_at, expires_at)
VALUES (:id, :number_id, :application, :interaction, :group, :allocated_at, :expires_at)

-- name: renew_allocation
UPDATE allocation SET expires_at = :expires_at WHERE id = :id

-- name: end_allocation
UPDATE allocation SET ended_at = :at, ended_as = :ending WHERE id = :id AND ended_at IS NULL

-- name: set_standing
UPDATE number SET allocation_id = :allocation, free_from = :free_from WHERE id = :id

-- name: find_answer
SELECT status, allocation_id FROM answer
WHERE number_id = :number_id AND pbx = :pbx AND uniqueid = :uniqueid

-- name: add_answer
INSERT INTO answer (number_id, pbx, uniqueid, status, allocation_id, answered_at)
VALUES (:number_id, :pbx, :uniqueid, :status, :allocation, :at)

-- name: find_lapsed
SELECT number.id, number, entered, number.group_name, allocation_id, free_from, environment_id
FROM allocation JOIN number ON number.id = allocation.number_id
WHERE ended_at IS NULL AND expires_at <= :now
ORDER BY expires_at LIMIT :limit

-- name: next_deadline
SELECT min(expires_at) FROM allocation WHERE ended_at IS NULL

-- name: write_journal
INSERT INTO journal
    (id, at, event, environment_id, number, allocation_id, interaction, expires_at,
     pbx, uniqueid, ani)
VALUES (:id, :at, :event, :environment, :number, :allocation, :interaction, :expires_at,
     :pbx, :uniqueid, :ani)

-- name: last_journal_id
SELECT id FROM journal ORDER BY id DESC LIMIT 1
