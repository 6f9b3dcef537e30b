-- The nodes that share the store, and their duties. Times are the server's own.

-- name: look
-- What all look at every second.
SELECT directory_revision,
    EXISTS (SELECT 1 FROM duty WHERE name = :duty AND until < store_now())
FROM inventory

-- name: raise_directory_revision
UPDATE inventory SET directory_revision = directory_revision + 1

-- name: beat
INSERT INTO node (incarnation, name, version, address, since, seen_at, alive_until, facts)
VALUES (:incarnation, :name, :version, :address, store_now(), store_now(), store_now() + :alive_for,
    :facts)
ON CONFLICT (incarnation) DO UPDATE SET seen_at = excluded.seen_at,
    alive_until = excluded.alive_until, facts = excluded.facts

-- name: forget_nodes
-- Those that were silent for long, and those in whose place this one is.
DELETE FROM node
WHERE seen_at < store_now() - :kept_for
   OR (name = :name AND incarnation <> :incarnation AND alive_until < store_now())

-- name: list_nodes
SELECT incarnation, name, version, address, facts, since, now - seen_at, alive_until - now
FROM node, store_now() AS now ORDER BY name, since

-- name: remove_node
DELETE FROM node WHERE incarnation = :incarnation

-- name: let_duties_lapse
UPDATE duty SET until = 0 WHERE incarnation = :incarnation

-- name: find_holder
-- Asked first, as what is not taken would be locked, too, and that is a write.
SELECT 1 FROM duty
WHERE name = :duty AND incarnation <> :incarnation AND until >= store_now()

-- name: take_duty
INSERT INTO duty (name, incarnation, until)
VALUES (:duty, :incarnation, store_now() + :lasts)
ON CONFLICT (name) DO UPDATE SET incarnation = excluded.incarnation, until = excluded.until
WHERE duty.incarnation = excluded.incarnation OR duty.until < store_now()

-- name: go_on_with_duty
UPDATE duty SET until = store_now() + :lasts WHERE name = :duty AND incarnation = :incarnation

-- name: remove_duty
DELETE FROM duty WHERE name = :duty AND incarnation = :incarnation
