-- The queries of the directory.

-- name: list_tenants
SELECT name, most_open, most_a_minute FROM tenant ORDER BY name

-- name: list_environments
SELECT id, tenant || '/' || name, dial_plan FROM environment ORDER BY tenant, name

-- name: list_applications
SELECT application.id, environment.tenant || '/' || environment.name, application.name, pool.name,
    application.hold_for, application.rest_for, application.redial_for, application.late_for,
    application.strict_rest, application.replace_on_repeat, application.late_reveals_id,
    application.most_open, application.most_a_minute
FROM application
JOIN environment ON environment.id = application.environment_id
LEFT JOIN application AS pool ON pool.id = application.allocates_from
ORDER BY environment.tenant, environment.name, application.name

-- name: list_application_keys
SELECT application_id, prefix, digest, added_at, used_at
FROM application_key ORDER BY added_at, prefix

-- name: list_users
SELECT tenant, name, password_hash, added_at, role FROM user_account ORDER BY tenant, name

-- name: list_tokens
SELECT prefix, digest, role, environment.tenant || '/' || environment.name, application.name,
    extensions, added_at, expires_at, used_at
FROM token
JOIN environment ON environment.id = token.environment_id
LEFT JOIN application ON application.id = token.application_id
ORDER BY environment.tenant, environment.name, added_at, prefix

-- name: find_tenant
SELECT name FROM tenant WHERE name = :tenant

-- name: add_tenant
INSERT INTO tenant (name, added_at) VALUES (:tenant, :at) ON CONFLICT DO NOTHING

-- name: set_tenant
UPDATE tenant
SET most_open = CASE WHEN :sets_most_open THEN :most_open ELSE most_open END,
    most_a_minute = CASE WHEN :sets_most_a_minute THEN :most_a_minute ELSE most_a_minute END
WHERE name = :tenant

-- name: remove_tenant
DELETE FROM tenant WHERE name = :tenant

-- name: count_on_tenant
SELECT (SELECT count(*) FROM environment WHERE tenant = :tenant),
    (SELECT count(*) FROM user_account WHERE tenant = :tenant)

-- name: find_environment
SELECT id FROM environment WHERE tenant || '/' || name = :environment

-- name: add_environment
INSERT INTO environment (id, tenant, name, dial_plan) VALUES (:id, :tenant, :name, :dial_plan)
ON CONFLICT (tenant, name) DO NOTHING

-- name: remove_environment
DELETE FROM environment WHERE id = :environment

-- name: count_on_environment
SELECT (SELECT count(*) FROM number
        WHERE environment_id = :environment AND free_from >= (SELECT floor FROM inventory)),
    (SELECT count(*) FROM application WHERE environment_id = :environment AND name <> :first),
    (SELECT count(*) FROM token WHERE environment_id = :environment)

-- name: find_application
SELECT id FROM application WHERE environment_id = :environment AND name = :name

-- name: is_consumer
SELECT 1 FROM application WHERE id = :application AND allocates_from IS NOT NULL

-- name: add_application
INSERT INTO application (id, environment_id, name, allocates_from)
VALUES (:id, :environment, :name, :allocates_from)
ON CONFLICT (environment_id, name) DO NOTHING

-- name: set_application
-- Only what is given: another node may have set the rest meanwhile.
UPDATE application
SET hold_for = CASE WHEN :sets_hold_for THEN :hold_for ELSE hold_for END,
    rest_for = CASE WHEN :sets_rest_for THEN :rest_for ELSE rest_for END,
    redial_for = CASE WHEN :sets_redial_for THEN :redial_for ELSE redial_for END,
    late_for = CASE WHEN :sets_late_for THEN :late_for ELSE late_for END,
    strict_rest = CASE WHEN :sets_strict_rest THEN :strict_rest ELSE strict_rest END,
    replace_on_repeat = CASE WHEN :sets_replace THEN :replace ELSE replace_on_repeat END,
    late_reveals_id = CASE WHEN :sets_late_reveals_id THEN :late_reveals_id ELSE late_reveals_id END,
    most_open = CASE WHEN :sets_most_open THEN :most_open ELSE most_open END,
    most_a_minute = CASE WHEN :sets_most_a_minute THEN :most_a_minute ELSE most_a_minute END
WHERE id = :application

-- name: remove_application
DELETE FROM application WHERE id = :application

-- name: remove_applications
DELETE FROM application WHERE environment_id = :environment

-- name: count_on_application
SELECT (SELECT count(*) FROM number
        WHERE environment_id = :environment AND application_id = :application
          AND free_from >= (SELECT floor FROM inventory)),
    (SELECT count(*) FROM application
        WHERE environment_id = :environment AND allocates_from = :application),
    (SELECT count(*) FROM token
        WHERE environment_id = :environment AND application_id = :application)

-- name: count_keys
SELECT count(*) FROM application_key WHERE application_id = :application

-- name: add_key
INSERT INTO application_key (application_id, environment_id, prefix, digest, added_at)
VALUES (:application, :environment, :prefix, :digest, :at)
ON CONFLICT DO NOTHING

-- name: remove_key
DELETE FROM application_key WHERE application_id = :application AND prefix = :prefix

-- name: remove_keys
DELETE FROM application_key WHERE application_id = :application

-- name: remove_keys_of_environment
DELETE FROM application_key WHERE environment_id = :environment

-- name: add_user
INSERT INTO user_account (tenant, name, password_hash, added_at, role)
VALUES (:tenant, :name, :password_hash, :at, :role)
ON CONFLICT DO NOTHING

-- name: set_user_role
UPDATE user_account SET role = :role WHERE tenant = :tenant AND name = :name

-- name: remove_user
DELETE FROM user_account WHERE tenant = :tenant AND name = :name

-- name: add_token
INSERT INTO token
    (prefix, digest, role, environment_id, application_id, extensions, added_at, expires_at)
VALUES (:prefix, :digest, :role, :environment, :application, :extensions, :at, :expires_at)

-- name: remove_token
DELETE FROM token WHERE prefix = :prefix
