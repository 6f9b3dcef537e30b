-- Each question to the journal has its index. Its entries go only when they are purged, and
-- change only when an interaction is forgotten (service/journal.py, service/purge.py).

CREATE INDEX journal_of_number ON journal (environment_id, number, id);
CREATE INDEX journal_of_interaction ON journal (environment_id, interaction, id);
CREATE INDEX journal_of_call ON journal (uniqueid, id) WHERE uniqueid IS NOT NULL;

CREATE INDEX allocation_of_number ON allocation (number_id, id);
CREATE INDEX allocation_of_interaction ON allocation (interaction, id);
CREATE INDEX answer_of_allocation ON answer (allocation_id);
