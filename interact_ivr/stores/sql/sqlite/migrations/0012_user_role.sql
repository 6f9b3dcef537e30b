-- What a user may do in the console; NULL: the console is not theirs.

ALTER TABLE user_account ADD COLUMN role TEXT;
