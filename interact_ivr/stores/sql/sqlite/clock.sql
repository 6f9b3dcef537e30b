-- The store's own time (stores/sqlite/clock.py).

-- name: find_lead
SELECT lead FROM clock WHERE boot = :boot

-- name: keep_lead
INSERT INTO clock (id, boot, lead) VALUES (1, :boot, :lead)
ON CONFLICT (id) DO UPDATE SET boot = excluded.boot, lead = excluded.lead
WHERE clock.boot <> excluded.boot OR clock.lead < excluded.lead
