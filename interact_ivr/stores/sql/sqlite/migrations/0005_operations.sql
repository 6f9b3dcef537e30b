-- How far store time is ahead of the boot clock, and in which boot of the machine.

CREATE TABLE clock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    boot TEXT NOT NULL,                    -- the kernel's boot_id
    lead INTEGER NOT NULL                  -- microseconds; only grows within a boot
) STRICT;
