-- The store as the target of a copy (stores/postgres/target.py).

-- name: find_copy
SELECT source, state, table_name, up_to, begun_at, finished_at, outcome FROM copied_from

-- name: is_unused
-- Only what the schema's first migration has written is there.
SELECT NOT EXISTS (SELECT FROM number) AND NOT EXISTS (SELECT FROM allocation)
   AND NOT EXISTS (SELECT FROM journal) AND NOT EXISTS (SELECT FROM user_account)
   AND NOT EXISTS (SELECT FROM application_key) AND NOT EXISTS (SELECT FROM token)
   AND (SELECT count(*) FROM tenant) = 1
   AND NOT EXISTS (SELECT FROM tenant WHERE most_open + most_a_minute > 0)
   AND (SELECT count(*) FROM environment) = 1
   AND NOT EXISTS (SELECT FROM environment WHERE dial_plan IS NOT NULL)
   AND (SELECT count(*) FROM application) = 1
   AND NOT EXISTS (
       SELECT FROM application
       WHERE num_nonnulls(hold_for, rest_for, redial_for, late_for, strict_rest,
                          replace_on_repeat, late_reveals_id, most_open, most_a_minute) > 0)

-- name: count_nodes
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'interact-ivr'
  AND pid <> pg_backend_pid()

-- name: begin_copy
INSERT INTO copied_from (id, source, state, begun_at) VALUES (1, :source, :state, store_now())
ON CONFLICT (id) DO UPDATE
SET source = excluded.source, state = excluded.state, begun_at = excluded.begun_at,
    table_name = NULL, up_to = NULL

-- name: keep_copied
-- None where another copy has come in between.
UPDATE copied_from SET table_name = :table_name, up_to = :up_to
WHERE source = :source AND state = :state AND finished_at IS NULL
  AND table_name IS NOT DISTINCT FROM :was_table AND up_to IS NOT DISTINCT FROM :was_up_to

-- name: finish_copy
UPDATE copied_from SET finished_at = store_now(), outcome = :outcome

-- name: shift_allocations
UPDATE allocation SET expires_at = expires_at - :ahead WHERE ended_at IS NULL

-- name: shift_numbers
UPDATE number SET free_from = free_from - :ahead WHERE allocation_id IS NOT NULL

-- name: shift_ringing
UPDATE ringing SET since = since - :ahead, until = until - :ahead

-- name: tell_name
SELECT set_config('application_name', 'interact-ivr db copy', false)
