-- Recorded conversations are looked up by their id, and listed, newest first, of everybody or of one agent.
CREATE INDEX facts_of_a_recording ON facts (json_extract(body, '$.recording_began.recording'))
    WHERE kind = 'recording_began';
CREATE INDEX facts_of_recordings ON facts (at) WHERE kind = 'recording_began';
CREATE INDEX facts_of_an_agents_recordings ON facts (agent, at) WHERE kind = 'recording_began';
