-- Calls that are over, one row each, for those who look for them afterwards. The facts stay what is true; these rows follow
-- from them and are written in the same transaction as the fact that ends a call.
CREATE TABLE records (
    call TEXT NOT NULL PRIMARY KEY,
    began INTEGER NOT NULL,
    direction TEXT NOT NULL,
    result TEXT NOT NULL,
    -- The digits of the number outside from the last to the first, to be found by how it ends.
    reversed TEXT,
    v INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX records_by_time ON records (began, call, direction, result);
CREATE INDEX records_of_a_number ON records (reversed, began, call) WHERE reversed IS NOT NULL;

-- Whose they are: `a:` and an agent, `q:` and a queue, `s:` and a service, `e:` and an entry.
CREATE TABLE record_keys (
    key TEXT NOT NULL,
    began INTEGER NOT NULL,
    call TEXT NOT NULL,
    PRIMARY KEY (key, began, call)
) STRICT, WITHOUT ROWID;

-- Calls of before that have no row yet; it is empty once they have.
CREATE TABLE unrecorded (
    call TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO unrecorded (call) SELECT call FROM facts WHERE kind = 'call_ended' AND call IS NOT NULL;
