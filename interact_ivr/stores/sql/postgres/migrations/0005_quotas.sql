-- runs with: 1
-- A DNIS application's own quotas; NULL: as configured, 0: none. What SQLite's schema 14 has. The
-- release before reads nothing of it: for its nodes the configuration's count.

ALTER TABLE application ADD COLUMN most_open INTEGER CHECK (most_open >= 0);
ALTER TABLE application ADD COLUMN most_a_minute INTEGER CHECK (most_a_minute >= 0);
