-- The queries of the audit trail, which is written once and never changed; and of what was used.

-- name: add_audit
INSERT INTO audit
    (id, at, who, source, action, object, tenant, environment, outcome, reason)
VALUES
    (:id, :at, :who, :source, :action, :object, :tenant, :environment, :outcome, :reason)

-- name: tenant_added
SELECT added_at FROM tenant WHERE name = :tenant

-- name: audit_entries
SELECT id, at, who, source, action, object, tenant, environment, outcome, reason
FROM audit
WHERE id < :before AND at >= :since
  AND tenant = coalesce(:tenant::TEXT, tenant)
  AND environment = coalesce(:environment::TEXT, environment)
  AND strpos(who, :who::TEXT) > 0
  AND substr(action || '.', 1, length(:action::TEXT)) = :action::TEXT
ORDER BY id DESC LIMIT :limit

-- name: purge_audit
DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < :until ORDER BY id LIMIT :limit)

-- name: note_key_used
UPDATE application_key SET used_at = :at
WHERE digest = :digest AND environment_id IN (
    SELECT id FROM environment WHERE tenant || '/' || name = :environment
) AND coalesce(used_at, 0) < :at

-- name: note_token_used
UPDATE token SET used_at = :at WHERE digest = :digest AND coalesce(used_at, 0) < :at
