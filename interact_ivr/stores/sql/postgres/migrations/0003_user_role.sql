-- runs with: 1
-- What a user may do in the console; NULL: the console is not theirs. What SQLite's schema 12 has.

ALTER TABLE user_account ADD COLUMN role TEXT COLLATE "C";
