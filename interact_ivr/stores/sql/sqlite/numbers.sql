-- The queries of the pools' inventory.

-- name: add_number
INSERT INTO number
    (environment_id, application_id, number, entered, dnid, group_name, enabled)
VALUES (:environment, :application, :number, :entered, :dnid, :group, :enabled)
ON CONFLICT (environment_id, number) DO NOTHING

-- name: list_numbers
SELECT number, entered, dnid, number.group_name, enabled, number.allocation_id, free_from, interaction
FROM number LEFT JOIN allocation ON allocation.id = number.allocation_id
WHERE number.application_id = :application
ORDER BY number

-- name: count_by_standing
SELECT
    sum(allocation_id IS NOT NULL AND free_from > :now),
    sum(allocation_id IS NOT NULL AND free_from <= :now),
    sum(allocation_id IS NULL AND free_from > :rested_before),
    sum(allocation_id IS NULL AND free_from <= :rested_before)
FROM number WHERE application_id = :application AND enabled = 1
