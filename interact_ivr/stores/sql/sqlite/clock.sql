-- The store's own time (stores/sqlite/clock.py).

-- name: find_lead
SELECT boot = :boot, lead, doubted_until FROM clock

-- name: keep_lead
INSERT INTO clock (id, boot, lead, doubted_until) VALUES (1, :boot, :lead, :doubted_until)
ON CONFLICT (id) DO UPDATE
SET boot = excluded.boot, lead = excluded.lead, doubted_until = excluded.doubted_until
WHERE clock.boot <> excluded.boot OR clock.lead < excluded.lead
  OR clock.doubted_until <> excluded.doubted_until
