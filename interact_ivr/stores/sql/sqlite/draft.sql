-- The queries of an import's draft, a database of its own that goes with its connection.

-- name: create_draft
CREATE TABLE IF NOT EXISTS draft (
    number TEXT PRIMARY KEY,
    at INTEGER NOT NULL,                   -- the how manieth it was
    line INTEGER NOT NULL,
    entered TEXT NOT NULL,
    group_name TEXT,
    dnid TEXT,
    enabled INTEGER NOT NULL
) STRICT, WITHOUT ROWID

-- name: index_draft
CREATE INDEX IF NOT EXISTS draft_by_dnid ON draft (dnid, at) WHERE dnid IS NOT NULL

-- name: draft_numbers
INSERT INTO draft (number, at, line, entered, group_name, dnid, enabled)
SELECT json_extract(value, '$[0]'), :at + key, json_extract(value, '$[1]'),
    json_extract(value, '$[2]'), json_extract(value, '$[3]'), json_extract(value, '$[4]'),
    json_extract(value, '$[5]')
FROM json_each(:rows) WHERE true
ON CONFLICT (number) DO NOTHING

-- name: find_doubles
SELECT json_extract(value, '$[1]'), json_extract(value, '$[2]'), number, line
FROM json_each(:rows) JOIN draft ON number = json_extract(value, '$[0]')
WHERE at != :at + key ORDER BY key

-- name: find_dnid_doubles
SELECT mine.line, mine.entered, mine.dnid, first.line
FROM json_each(:rows)
JOIN draft AS mine ON mine.number = json_extract(value, '$[0]') AND mine.at = :at + key
JOIN draft AS first ON first.dnid = mine.dnid
    AND first.at = (SELECT min(at) FROM draft WHERE dnid = mine.dnid)
WHERE first.at < mine.at ORDER BY key

-- name: list_draft
SELECT line, number, entered, group_name, dnid, enabled
FROM draft WHERE number > :after ORDER BY number LIMIT :limit

-- name: leave_out
DELETE FROM draft WHERE number IN (SELECT value FROM json_each(:keys))

-- name: count_draft
SELECT count(*) FROM draft
