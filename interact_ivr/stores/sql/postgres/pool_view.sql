-- What programs look up of a pool. An allocation that ran out has ended, whether or not the journal
-- says so yet, unless a call is on its number.

-- name: view_number
SELECT number, entered, dnid, number.group_name, enabled, number.allocation_id, free_from,
    interaction
FROM number LEFT JOIN allocation ON allocation.id = number.allocation_id
WHERE number.id = :id

-- name: view_allocation
SELECT allocation.id, number, entered, interaction, allocation.group_name, allocated_at, expires_at,
    ended_at, ended_as,
    EXISTS (
        SELECT 1 FROM ringing
        WHERE ringing.number_id = number.id AND until > :now AND since < expires_at)
FROM allocation JOIN number ON number.id = allocation.number_id
WHERE allocation.id = :id AND allocation.application_id = :application

-- name: view_allocation_of_interaction
SELECT allocation.id, number, entered, interaction, allocation.group_name, allocated_at, expires_at,
    ended_at, ended_as,
    EXISTS (
        SELECT 1 FROM ringing
        WHERE ringing.number_id = number.id AND until > :now AND since < expires_at)
FROM allocation JOIN number ON number.id = allocation.number_id
WHERE allocation.application_id = :application AND interaction = :interaction
  AND ended_at IS NULL

-- name: view_groups
SELECT group_name,
    count(*) FILTER (WHERE enabled = 1 AND allocation_id IS NOT NULL AND free_from > :now),
    count(*) FILTER (WHERE enabled = 1 AND allocation_id IS NOT NULL AND free_from <= :now),
    count(*) FILTER (WHERE enabled = 1 AND allocation_id IS NULL AND free_from > :rested_before),
    count(*) FILTER (WHERE enabled = 1 AND allocation_id IS NULL AND free_from <= :rested_before),
    count(*) FILTER (WHERE enabled = 0)
FROM number
WHERE application_id = :application AND free_from >= (SELECT floor FROM inventory)
GROUP BY group_name ORDER BY group_name NULLS FIRST

-- name: view_group_names
SELECT DISTINCT group_name FROM number
WHERE application_id = :application AND free_from >= (SELECT floor FROM inventory)
  AND group_name IS NOT NULL
ORDER BY group_name

-- name: view_ends
-- The first and the last number from :prefix to :beyond, each by the index that they are unique by.
SELECT
    (SELECT number FROM number
    WHERE environment_id = :environment AND application_id = :application
      AND number >= :prefix AND number < :beyond
      AND free_from >= (SELECT floor FROM inventory)
      AND (:group::TEXT IS NULL OR group_name = :group)
    ORDER BY number LIMIT 1),
    (SELECT number FROM number
    WHERE environment_id = :environment AND application_id = :application
      AND number >= :prefix AND number < :beyond
      AND free_from >= (SELECT floor FROM inventory)
      AND (:group::TEXT IS NULL OR group_name = :group)
    ORDER BY number DESC LIMIT 1)

-- name: view_blocks
-- What is drained and allocated still counts as allocated: its caller is awaited all the same.
SELECT substr(number, 1, :length::INTEGER),
    count(*) FILTER (WHERE allocation_id IS NOT NULL AND free_from > :now),
    count(*) FILTER (WHERE allocation_id IS NOT NULL AND free_from <= :now),
    count(*) FILTER (WHERE enabled = 1 AND allocation_id IS NULL AND free_from > :rested_before),
    count(*) FILTER (WHERE enabled = 1 AND allocation_id IS NULL AND free_from <= :rested_before),
    count(*) FILTER (WHERE enabled = 0 AND allocation_id IS NULL)
FROM number
WHERE environment_id = :environment AND application_id = :application
  AND number >= :prefix AND number < :beyond
  AND free_from >= (SELECT floor FROM inventory)
  AND (:group::TEXT IS NULL OR group_name = :group)
GROUP BY 1 ORDER BY 1
