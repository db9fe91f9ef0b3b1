-- Notes of calls: what each agent writes down about a conversation, as it is typed and as it is saved.
CREATE TABLE notes (
    call TEXT NOT NULL,
    agent TEXT NOT NULL,
    -- 1 while it stands on the agent's page, or its call goes on.
    open INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    v INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (call, agent)
) STRICT, WITHOUT ROWID;
CREATE INDEX notes_open ON notes (call) WHERE open = 1;
CREATE INDEX notes_by_time ON notes (changed);

-- Customers whom people know by name.
CREATE TABLE contacts (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    -- The name as it is sorted, and what is searched: name, company and tags, in lower case.
    sorted TEXT NOT NULL,
    searched TEXT NOT NULL,
    -- The contact it was merged into; none where it stands for itself. What was merged can be taken apart again.
    merged_into TEXT,
    merged_at INTEGER,
    v INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX contacts_sorted ON contacts (sorted, id) WHERE merged_into IS NULL;
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into IS NOT NULL;

-- Their numbers: one belongs to one contact.
CREATE TABLE contact_numbers (
    number TEXT NOT NULL PRIMARY KEY,
    contact TEXT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_numbers_of_one ON contact_numbers (contact);
