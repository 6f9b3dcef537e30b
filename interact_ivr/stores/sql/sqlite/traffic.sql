-- What is measured of a pool's traffic: aggregates over the allocations made since an id, which is
-- a time as well. With :group, only of that group.

-- name: traffic_by_hour
-- What ran out has ended then, whether or not that is on record.
SELECT allocated_at / 3600000000 AS hour, count(*),
    sum(ended_at IS NOT NULL OR expires_at <= :now),
    sum(iif(ended_at IS NOT NULL OR expires_at <= :now,
        coalesce(ended_at, expires_at) - allocated_at, 0))
FROM allocation
WHERE id >= :since AND application_id = :application
  AND (:group IS NULL OR group_name = :group)
GROUP BY hour ORDER BY hour

-- name: count_waits
SELECT coalesce(sum(ended_as = 'retrieved'), 0),
    coalesce(sum(coalesce(ended_as = 'expired', expires_at <= :now)), 0)
FROM allocation
WHERE id >= :since AND application_id = :application
  AND (:group IS NULL OR group_name = :group)

-- name: wait_at_rank
-- From the longest on: of a million only some ten thousand are sorted.
SELECT ended_at - allocated_at AS wait FROM allocation
WHERE id >= :since AND application_id = :application AND ended_as = 'retrieved'
  AND (:group IS NULL OR group_name = :group)
ORDER BY wait DESC LIMIT 1 OFFSET :longer
