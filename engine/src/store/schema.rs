//! The tables of the store on disk, as migrations. What is written here once never changes its meaning.

use rusqlite_migration::M;

pub(super) const SCHEMA: &[M<'_>] = &[
    M::up(
        "CREATE TABLE store (id TEXT NOT NULL) STRICT;
     CREATE TABLE record (
        flow TEXT NOT NULL, key TEXT NOT NULL,
        end TEXT NOT NULL, hash INTEGER NOT NULL,
        code TEXT, message TEXT, field TEXT, at TEXT,
        waiting_since TEXT, passed INTEGER NOT NULL,
        PRIMARY KEY (flow, key)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX record_unfinished ON record (flow, key) WHERE end IN ('waiting', 'failed');
     CREATE TABLE link (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        flow TEXT NOT NULL, key TEXT NOT NULL, step TEXT NOT NULL,
        source TEXT NOT NULL, resource TEXT NOT NULL, target TEXT NOT NULL, hash INTEGER NOT NULL,
        UNIQUE (flow, key, step) ON CONFLICT REPLACE
     ) STRICT;
     CREATE INDEX link_of_source ON link (source, key, resource, number);
     CREATE TABLE cursor (flow TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT;
     CREATE TABLE token (system TEXT PRIMARY KEY, token TEXT NOT NULL) STRICT;",
    ),
    M::up("CREATE INDEX link_of_target ON link (resource, target, source);"),
    // The journal. `fence` is the number of the holder that wrote last; `place` where the store was when it last settled.
    M::up(
        "ALTER TABLE store ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE store ADD COLUMN place TEXT;
     ALTER TABLE record ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
     CREATE TABLE entry (
        flow TEXT NOT NULL, key TEXT NOT NULL, step TEXT NOT NULL,
        resource TEXT NOT NULL, source TEXT NOT NULL, phase TEXT NOT NULL,
        claims TEXT NOT NULL, sought TEXT NOT NULL, chosen TEXT,
        attempts TEXT NOT NULL, payload TEXT, at TEXT,
        looks INTEGER NOT NULL, look_at TEXT,
        fence INTEGER NOT NULL, number INTEGER NOT NULL,
        PRIMARY KEY (flow, key, step)
     ) STRICT, WITHOUT ROWID;
     CREATE UNIQUE INDEX entry_number ON entry (number);
     CREATE INDEX entry_open ON entry (number) WHERE phase IN ('released', 'unknown', 'accepted');
     CREATE INDEX entry_look ON entry (look_at) WHERE look_at IS NOT NULL;
     CREATE INDEX entry_payload ON entry (at) WHERE payload IS NOT NULL;",
    ),
];
