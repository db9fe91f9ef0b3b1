-- The first shape of the database.
--
-- Rows of the rules have the columns that are searched by, the version of the form of their body, and the body as JSON.
-- Times are milliseconds since 1970-01-01T00:00:00Z.

-- One row: how far the store has come.
CREATE TABLE progress (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- The number of the last commit that people are told of.
    revision INTEGER NOT NULL,
    -- Counts what was written together; tells after a failure whether a group has arrived.
    groups INTEGER NOT NULL,
    -- Counts the looks that were taken after failures.
    looks INTEGER NOT NULL,
    -- The latest time of any transaction.
    latest INTEGER NOT NULL,
    -- Counts the changes of the configuration.
    configuration INTEGER NOT NULL
) STRICT;
INSERT INTO progress (id, revision, groups, looks, latest, configuration) VALUES (1, 0, 0, 0, 0, 0);

-- Agents who have ever signed in.
CREATE TABLE agents (
    key TEXT NOT NULL PRIMARY KEY,
    v INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Calls that live.
CREATE TABLE calls (
    id TEXT NOT NULL PRIMARY KEY,
    v INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Places in lines.
CREATE TABLE waiting (
    call TEXT NOT NULL PRIMARY KEY,
    v INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Offers, ended ones too.
CREATE TABLE offers (
    id TEXT NOT NULL PRIMARY KEY,
    call TEXT NOT NULL,
    agent TEXT NOT NULL,
    ended INTEGER,
    v INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
-- An agent is offered one call at a time.
CREATE UNIQUE INDEX offers_one_for_an_agent ON offers (agent) WHERE ended IS NULL;
CREATE INDEX offers_of_a_call ON offers (call);

-- Entries of the missed-call list, closed ones too.
CREATE TABLE entries (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT,
    -- Whose entry it is, as JSON.
    target TEXT NOT NULL,
    matter INTEGER NOT NULL,
    -- 1 when a callback request stands in it.
    requested INTEGER NOT NULL,
    -- When it was closed, and why; none while it is open.
    closed INTEGER,
    reason TEXT,
    v INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
-- One open request for a number, a target and a matter. The rule says "line of business", which is more than one target
-- and depends on the configuration of the day, so it cannot be an index; what is here holds on any day.
CREATE UNIQUE INDEX entries_one_open_request ON entries (number, target, matter) WHERE closed IS NULL AND requested = 1;
CREATE INDEX entries_open ON entries (id) WHERE closed IS NULL;
CREATE INDEX entries_closed ON entries (closed, id) WHERE closed IS NOT NULL;
CREATE INDEX entries_closed_by_reason ON entries (reason, closed, id) WHERE closed IS NOT NULL;
CREATE INDEX entries_closed_by_number ON entries (number, closed, id) WHERE closed IS NOT NULL;

-- Numbers that calls of ours use.
CREATE TABLE holds (
    number TEXT NOT NULL,
    call TEXT NOT NULL,
    dialled INTEGER NOT NULL,
    until INTEGER,
    v INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (number, call)
) STRICT, WITHOUT ROWID;
-- A number is dialled by one call at a time.
CREATE UNIQUE INDEX holds_one_dialled ON holds (number) WHERE dialled = 1 AND until IS NULL;

-- Whom each round-robin queue rang last.
CREATE TABLE memory (
    queue TEXT NOT NULL PRIMARY KEY,
    agent TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Requests that count towards the limit of a number.
CREATE TABLE requests (
    number TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX requests_of_a_number ON requests (number, at);
CREATE INDEX requests_by_time ON requests (at);

-- Attempts at numbers.
CREATE TABLE tries (
    number TEXT NOT NULL,
    attempt TEXT NOT NULL,
    began INTEGER NOT NULL,
    v INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (number, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX tries_of_a_number ON tries (number, began);
CREATE INDEX tries_by_time ON tries (began);

-- The history: what has become true, by commit.
CREATE TABLE facts (
    revision INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    entry TEXT,
    call TEXT,
    agent TEXT,
    number TEXT,
    v INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (revision, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX facts_of_an_entry ON facts (entry) WHERE entry IS NOT NULL;
CREATE INDEX facts_of_a_call ON facts (call) WHERE call IS NOT NULL;
CREATE INDEX facts_of_an_agent ON facts (agent, at) WHERE agent IS NOT NULL;
CREATE INDEX facts_of_a_number ON facts (number, at) WHERE number IS NOT NULL;

-- People who may sign in.
CREATE TABLE users (
    name TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    v INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Their sign-ins and tokens, by the SHA-256 of the secret.
CREATE TABLE passes (
    hash BLOB NOT NULL PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    -- What a token is called; none for a sign-in.
    label TEXT,
    made INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    v INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX passes_one_label ON passes (user, label) WHERE label IS NOT NULL;
CREATE INDEX passes_by_end ON passes (expires);

-- What is configured: every version of every thing. No body means that it was removed.
CREATE TABLE things (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    body TEXT,
    PRIMARY KEY (kind, key, version)
) STRICT, WITHOUT ROWID;

-- Passwords of SIP accounts.
CREATE TABLE secrets (
    account TEXT NOT NULL PRIMARY KEY,
    secret TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Answers given to wishes with an idempotency key.
CREATE TABLE answers (
    user TEXT NOT NULL,
    key TEXT NOT NULL,
    wish BLOB NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (user, key)
) STRICT;
CREATE INDEX answers_by_time ON answers (at);

-- What an engine wants to find again after a restart.
CREATE TABLE ledger (
    page TEXT NOT NULL,
    name TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (page, name)
) STRICT, WITHOUT ROWID;
