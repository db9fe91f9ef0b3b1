-- Who has asked for what: a line for each request that changes something, or that opens a recording or a message. It is written
-- before the work, and once more when it is known what came of it.
CREATE TABLE audit (
    at INTEGER NOT NULL,
    -- The name of the request; the server's log tells of it, too.
    request TEXT NOT NULL,
    who TEXT NOT NULL,
    -- What it is about: the part of the address behind `/api/`, and what stands in the places of its parameters.
    area TEXT NOT NULL,
    object TEXT NOT NULL,
    v INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (at, request)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_by_who ON audit (who, at);
CREATE INDEX audit_by_area ON audit (area, at);
CREATE INDEX audit_by_object ON audit (object, at) WHERE object <> '';
