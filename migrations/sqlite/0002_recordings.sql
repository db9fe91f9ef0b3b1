-- Recorded conversations are looked up by their id.
CREATE INDEX facts_of_a_recording ON facts (json_extract(body, '$.recording_began.recording'))
    WHERE kind = 'recording_began';
