-- What a call was told is looked up by the call alone, for the screen of the agent who has it.

CREATE INDEX answer_of_call ON answer (pbx, uniqueid);
