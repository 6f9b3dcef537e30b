-- runs with: 1
-- A tenant's quotas, of all its applications together; 0: none. What SQLite's schema 15 has. The
-- release before reads nothing of it: its nodes keep to the applications' alone.

ALTER TABLE tenant ADD COLUMN most_open INTEGER NOT NULL DEFAULT 0 CHECK (most_open >= 0);
ALTER TABLE tenant ADD COLUMN most_a_minute INTEGER NOT NULL DEFAULT 0 CHECK (most_a_minute >= 0);
