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
    // What people ask of records. `cause` is what records that ended for one cause have in common; `source` what was read of those not carried over.
    M::up(
        "ALTER TABLE record ADD COLUMN title TEXT;
     ALTER TABLE record ADD COLUMN seen TEXT;
     ALTER TABLE record ADD COLUMN ended TEXT NOT NULL DEFAULT '';
     ALTER TABLE record ADD COLUMN dismissed TEXT;
     ALTER TABLE record ADD COLUMN next_try TEXT;
     ALTER TABLE record ADD COLUMN fixed INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE record ADD COLUMN plan INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE record ADD COLUMN cause TEXT;
     UPDATE record SET cause = COALESCE(code, '') || '|' || COALESCE(field, '') || '|' || COALESCE(at, message, '') WHERE end <> 'done';
     CREATE INDEX record_listed ON record (end, flow, ended, key);
     CREATE INDEX record_cause ON record (end, flow, cause, ended) WHERE cause IS NOT NULL;
     CREATE INDEX record_title ON record (title) WHERE title IS NOT NULL;
     CREATE TABLE source (
        flow TEXT NOT NULL, key TEXT NOT NULL, record TEXT NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY (flow, key)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX source_at ON source (at);
     ALTER TABLE entry ADD COLUMN change TEXT;
     ALTER TABLE entry ADD COLUMN renewed INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX entry_change ON entry (at) WHERE change IS NOT NULL;",
    ),
    // Retention: keys hold addresses of people, and go when nobody will look for them any more. `compared` is when all of a source was read last.
    M::up(
        "CREATE TABLE compared (flow TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT;
     CREATE INDEX entry_keys ON entry (at) WHERE claims <> '[]' AND look_at IS NULL;",
    ),
    // What is erased is zeroed where it stands, but copies that SQLite left when it moved rows go with the next rewriting of the file. `unswept` is
    // whether something was erased since the last one, `swept` up to when was erased then.
    M::up(
        "ALTER TABLE store ADD COLUMN unswept INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE store ADD COLUMN swept TEXT;",
    ),
    // Under which keys the last writes were confirmed, without their payloads.
    M::up("CREATE INDEX entry_confirmed ON entry (number, resource, claims) WHERE phase = 'confirmed';"),
    // Sign-ins that left and were not heard of, by the hash of their refresh token: it may be used up.
    M::up("CREATE TABLE unheard (system TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (system, hash)) STRICT, WITHOUT ROWID;"),
    // An entry whose `sought` finds what an earlier write of the step made, not what the last one changed.
    M::up("ALTER TABLE entry ADD COLUMN looks_back INTEGER NOT NULL DEFAULT 0;"),
    // What is watched for late effects is kept beside what is sought now, and the keys of confirmed writes beside those that are claimed now: neither is
    // lost when the record is written again. `look_at` is the earliest look of all.
    M::up(
        "ALTER TABLE entry ADD COLUMN written TEXT NOT NULL DEFAULT '[]';
     ALTER TABLE entry ADD COLUMN watches TEXT NOT NULL DEFAULT '[]';
     UPDATE entry SET watches = json_array(json_object('sought', json(sought), 'ours', NULL,
            'twins', json(CASE WHEN looks_back OR json_array_length(attempts) > 1 THEN 'true' ELSE 'false' END), 'looks', looks, 'at', look_at))
        WHERE look_at IS NOT NULL AND sought <> '[]';
     UPDATE entry SET look_at = NULL WHERE sought = '[]';
     UPDATE entry SET sought = '[]' WHERE looks_back;
     UPDATE entry SET written = claims, claims = '[]' WHERE phase = 'confirmed';
     DROP INDEX entry_confirmed;
     DROP INDEX entry_keys;
     CREATE INDEX entry_written ON entry (number, resource, written) WHERE written <> '[]';
     CREATE INDEX entry_keys ON entry (at) WHERE (claims <> '[]' OR written <> '[]') AND look_at IS NULL;
     ALTER TABLE entry DROP COLUMN looks;
     ALTER TABLE entry DROP COLUMN looks_back;",
    ),
    // One index for all that is erased by its age: each release and each outcome writes to every index that has it.
    M::up(
        "DROP INDEX entry_payload;
     DROP INDEX entry_change;
     DROP INDEX entry_keys;
     CREATE INDEX entry_kept ON entry (at) WHERE payload IS NOT NULL OR change IS NOT NULL OR (claims <> '[]' OR written <> '[]');",
    ),
];
