-- By which rules `contacts.sorted` was made; no row where it was by none. Other rules make it anew.
CREATE TABLE sorting (rules INTEGER NOT NULL) STRICT;
