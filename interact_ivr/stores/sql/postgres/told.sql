-- What calls were told.

-- name: told
-- With who called, as the journal has it where the call retrieved; of a redial it does not say.
SELECT number.environment_id, answered_at, status, number.number, allocation.id,
    allocation.interaction, allocation.group_name, allocated_at, ended_at,
    (SELECT ani FROM journal
     WHERE journal.uniqueid = answer.uniqueid AND journal.pbx = answer.pbx
       AND journal.allocation_id = answer.allocation_id AND event = 'retrieved'
     ORDER BY journal.id DESC LIMIT 1)
FROM answer
    JOIN number ON number.id = answer.number_id
    JOIN allocation ON allocation.id = answer.allocation_id
WHERE answer.pbx = :pbx AND answer.uniqueid = :uniqueid
ORDER BY status = 'LATE', answered_at DESC LIMIT 1
