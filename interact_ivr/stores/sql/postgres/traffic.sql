-- What is measured of a pool's traffic: aggregates over so many allocations from an id on, which is
-- a time as well: of whatever pool, so that a turn costs the same. With :group, only of that group.

-- name: traffic_by_hour
-- What ran out has ended then, whether or not that is on record.
SELECT hour, max(id), count(*), count(*) FILTER (WHERE mine), count(*) FILTER (WHERE mine AND over),
    coalesce(sum(held) FILTER (WHERE mine AND over), 0)::BIGINT
FROM (
    SELECT id, allocated_at / 3600000000 AS hour,
        application_id = :application
            AND (:group::TEXT IS NULL OR coalesce(group_name = :group, FALSE)) AS mine,
        ended_at IS NOT NULL OR expires_at <= :now AS over,
        coalesce(ended_at, expires_at) - allocated_at AS held
    FROM allocation WHERE id >= :first ORDER BY id LIMIT :many
) AS looked_at
GROUP BY hour

-- name: count_waits
SELECT max(id), count(*), count(*) FILTER (WHERE mine AND found),
    count(*) FILTER (WHERE mine AND ran_out)
FROM (
    SELECT id,
        application_id = :application
            AND (:group::TEXT IS NULL OR coalesce(group_name = :group, FALSE)) AS mine,
        coalesce(ended_as = 'retrieved', FALSE) AS found,
        coalesce(ended_as = 'expired', expires_at <= :now) AS ran_out
    FROM allocation WHERE id >= :first ORDER BY id LIMIT :many
) AS looked_at

-- name: longest_waits
SELECT ended_at - allocated_at AS wait FROM allocation
WHERE id >= :first AND id <= :last AND application_id = :application
  AND ended_as = 'retrieved' AND (:group::TEXT IS NULL OR group_name = :group)
  AND ended_at - allocated_at > :over
ORDER BY wait DESC LIMIT :many
