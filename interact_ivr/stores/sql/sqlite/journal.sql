-- The queries of the journal. Ids are ULIDs, so an id stands for a time as well. With :application,
-- only what is said of its allocations is there.

-- name: entries
SELECT id, at, event, number, allocation_id, interaction, expires_at, pbx, uniqueid, ani,
    detail
FROM journal WHERE id > :after AND +environment_id = :environment  -- "+": by id, not by an index
  AND (:application IS NULL OR EXISTS (
    SELECT 1 FROM allocation WHERE id = journal.allocation_id AND application_id = :application))
ORDER BY id LIMIT :limit

-- name: entries_of_number
SELECT id, at, event, number, allocation_id, interaction, expires_at, pbx, uniqueid, ani,
    detail
FROM journal WHERE environment_id = :environment AND number = :number AND id > :after
  AND (:application IS NULL OR EXISTS (
    SELECT 1 FROM allocation WHERE id = journal.allocation_id AND application_id = :application))
ORDER BY id LIMIT :limit

-- name: entries_of_interaction
SELECT id, at, event, number, allocation_id, interaction, expires_at, pbx, uniqueid, ani,
    detail
FROM journal WHERE environment_id = :environment AND interaction = :interaction AND id > :after
  AND (:application IS NULL OR EXISTS (
    SELECT 1 FROM allocation WHERE id = journal.allocation_id AND application_id = :application))
ORDER BY id LIMIT :limit

-- name: entries_of_caller
-- No index has callers: it is read from :after on, so who searches says since when.
SELECT id, at, event, number, allocation_id, interaction, expires_at, pbx, uniqueid, ani,
    detail
FROM journal WHERE +environment_id = :environment AND ani = :ani AND id > :after
  AND (:application IS NULL OR EXISTS (
    SELECT 1 FROM allocation WHERE id = journal.allocation_id AND application_id = :application))
ORDER BY id LIMIT :limit

-- name: entries_of_call
SELECT id, at, event, number, allocation_id, interaction, expires_at, pbx, uniqueid, ani,
    detail
FROM journal
WHERE uniqueid = :uniqueid AND environment_id = :environment AND pbx = coalesce(:pbx, pbx)
  AND id > :after
  AND (:application IS NULL OR EXISTS (
    SELECT 1 FROM allocation WHERE id = journal.allocation_id AND application_id = :application))
ORDER BY id LIMIT :limit

-- name: before_newest
SELECT id FROM journal WHERE +environment_id = :environment
  AND (:application IS NULL OR EXISTS (
    SELECT 1 FROM allocation WHERE id = journal.allocation_id AND application_id = :application))
ORDER BY id DESC LIMIT 1 OFFSET :newest

-- name: before_newest_of_number
SELECT id FROM journal WHERE environment_id = :environment AND number = :number
  AND (:application IS NULL OR EXISTS (
    SELECT 1 FROM allocation WHERE id = journal.allocation_id AND application_id = :application))
ORDER BY id DESC LIMIT 1 OFFSET :newest

-- name: before_newest_of_interaction
SELECT id FROM journal WHERE environment_id = :environment AND interaction = :interaction
  AND (:application IS NULL OR EXISTS (
    SELECT 1 FROM allocation WHERE id = journal.allocation_id AND application_id = :application))
ORDER BY id DESC LIMIT 1 OFFSET :newest

-- name: before_newest_of_caller
SELECT id FROM journal WHERE id > :after AND +environment_id = :environment AND ani = :ani
  AND (:application IS NULL OR EXISTS (
    SELECT 1 FROM allocation WHERE id = journal.allocation_id AND application_id = :application))
ORDER BY id DESC LIMIT 1 OFFSET :newest

-- name: before_newest_of_call
SELECT id FROM journal
WHERE uniqueid = :uniqueid AND environment_id = :environment AND pbx = coalesce(:pbx, pbx)
  AND (:application IS NULL OR EXISTS (
    SELECT 1 FROM allocation WHERE id = journal.allocation_id AND application_id = :application))
ORDER BY id DESC LIMIT 1 OFFSET :newest

-- name: entries_of_last_allocation
-- Of the last allocation of :number that began before the id :until; all its ends were written
-- before the number's next one began.
WITH
    beginning AS (
        SELECT id FROM journal
        WHERE environment_id = :environment AND number = :number AND id < :until
          AND event IN ('allocated', 'lent early')
        ORDER BY id DESC LIMIT 1
    ),
    next AS (
        SELECT id FROM journal
        WHERE environment_id = :environment AND number = :number AND id >= :until
          AND event IN ('allocated', 'lent early')
        ORDER BY id LIMIT 1
    )
SELECT id, at, event, number, allocation_id, interaction, expires_at, pbx, uniqueid, ani,
    detail
FROM journal
WHERE environment_id = :environment AND number = :number
  AND id >= (SELECT id FROM beginning) AND id < coalesce((SELECT id FROM next), 'a')
  AND (:application IS NULL OR EXISTS (
    SELECT 1 FROM allocation WHERE id = journal.allocation_id AND application_id = :application))
ORDER BY id

-- name: first_journal_id
SELECT id FROM journal WHERE environment_id = :environment ORDER BY id LIMIT 1

-- name: last_of_step_in_journal
-- The last entry of all stays: ids and times go on from it.
SELECT max(id) FROM (
    SELECT id FROM journal
    WHERE id > :after AND id < :until AND id < (SELECT max(id) FROM journal)
    ORDER BY id LIMIT :limit
)

-- name: purge_entries
DELETE FROM journal
WHERE id > :after AND id <= :last AND NOT EXISTS (
    SELECT 1 FROM allocation
    WHERE allocation.id = journal.allocation_id AND (ended_at IS NULL OR ended_at >= :before)
)

-- name: last_of_step_in_allocations
SELECT max(id) FROM (
    SELECT id FROM allocation WHERE id > :after AND id < :until ORDER BY id LIMIT :limit
)

-- name: purge_answers
DELETE FROM answer WHERE allocation_id IN (
    SELECT id FROM allocation
    WHERE id > :after AND id <= :last AND ended_at < :before AND EXISTS (
        SELECT 1 FROM allocation AS later
        WHERE later.number_id = allocation.number_id AND later.id > allocation.id
    ) AND NOT EXISTS (
        SELECT 1 FROM number WHERE last_allocation_id = allocation.id AND id = number_id
    )
)

-- name: purge_allocations
DELETE FROM allocation
WHERE id > :after AND id <= :last AND ended_at < :before AND EXISTS (
    SELECT 1 FROM allocation AS later
    WHERE later.number_id = allocation.number_id AND later.id > allocation.id
) AND NOT EXISTS (
    SELECT 1 FROM number WHERE last_allocation_id = allocation.id AND id = number_id
)

-- name: find_open_allocation_in_environment
SELECT number.number, allocation.id, expires_at <= :now AND NOT EXISTS (
    SELECT 1 FROM ringing
    WHERE ringing.number_id = number.id AND since < expires_at AND until > :now)
FROM allocation JOIN number ON number.id = allocation.number_id
WHERE interaction = :interaction AND environment_id = :environment AND ended_at IS NULL
LIMIT 1

-- name: count_anis
SELECT count(ani) FROM (
    SELECT ani FROM journal
    WHERE environment_id = :environment AND interaction = :interaction
    ORDER BY id LIMIT :limit
)

-- name: forget_entries
UPDATE journal SET interaction = :tombstone, ani = NULL WHERE id IN (
    SELECT id FROM journal
    WHERE environment_id = :environment AND interaction = :interaction
    ORDER BY id LIMIT :limit
)

-- name: forget_answers
DELETE FROM answer WHERE allocation_id IN (
    SELECT allocation.id FROM allocation JOIN number ON number.id = allocation.number_id
    WHERE interaction = :interaction AND environment_id = :environment
    ORDER BY allocation.id LIMIT :limit
)

-- name: forget_last
-- What is forgotten is told to no later caller, not even by its tombstone.
UPDATE number SET last_allocation_id = NULL
WHERE environment_id = :environment AND last_allocation_id IN (
    SELECT id FROM allocation WHERE interaction = :interaction
)

-- name: forget_allocations
UPDATE allocation SET interaction = :tombstone, caller = NULL, ended_by = NULL WHERE id IN (
    SELECT allocation.id FROM allocation JOIN number ON number.id = allocation.number_id
    WHERE interaction = :interaction AND environment_id = :environment
    ORDER BY allocation.id LIMIT :limit
)
