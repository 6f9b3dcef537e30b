-- A DNIS application's own quotas; NULL: as configured, 0: none.

ALTER TABLE application ADD COLUMN most_open INTEGER CHECK (most_open >= 0);
ALTER TABLE application ADD COLUMN most_a_minute INTEGER CHECK (most_a_minute >= 0);
