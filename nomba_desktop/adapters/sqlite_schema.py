"""Tables of the one database file, as steps from each version to the next (`PRAGMA user_version`).

A step that was released is never edited; a change is a new step. No table holds a secret in plain.
"""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE sessions (
            host TEXT NOT NULL,
            client_id TEXT NOT NULL,
            schema INTEGER NOT NULL,
            generation INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            sealed BLOB NOT NULL,
            PRIMARY KEY (host, client_id)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE api_keys (
            id TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            environment_id TEXT NOT NULL,
            host TEXT NOT NULL,
            account_id TEXT NOT NULL,
            client_id TEXT NOT NULL,
            role TEXT NOT NULL,
            role_note TEXT NOT NULL,
            tags TEXT NOT NULL,
            notes TEXT NOT NULL,
            shared_use TEXT NOT NULL,
            auto_refresh INTEGER NOT NULL,
            state TEXT NOT NULL,
            steps_left INTEGER NOT NULL,
            created_at REAL NOT NULL,
            state_changed_at REAL NOT NULL
        ) STRICT, WITHOUT ROWID""",
        "CREATE UNIQUE INDEX api_keys_one_per_session ON api_keys (host, lower(client_id))",
        """CREATE TABLE host_facts (
            host TEXT NOT NULL,
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (host, name)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        # Which version of the team's row a session record mirrors; `head`: how its sealed bytes begin.
        """CREATE TABLE team_marks (
            host TEXT NOT NULL,
            client_id TEXT NOT NULL,
            epoch TEXT NOT NULL,
            revision INTEGER NOT NULL,
            head BLOB NOT NULL,
            alone INTEGER NOT NULL,
            PRIMARY KEY (host, client_id)
        ) STRICT, WITHOUT ROWID""",
        # Epochs of the team's store in the order in which this desktop saw them.
        "CREATE TABLE team_epochs (number INTEGER PRIMARY KEY, epoch TEXT NOT NULL) STRICT",
    ),
    (
        # The activity log: rows are added at the end only, and leave only below a checkpoint (ADR 0012).
        """CREATE TABLE audit_log (
            number INTEGER PRIMARY KEY,
            at REAL NOT NULL,
            operator TEXT NOT NULL,
            system_user TEXT NOT NULL,
            host TEXT NOT NULL,
            process TEXT NOT NULL,
            what TEXT NOT NULL,
            key_id TEXT NOT NULL,
            key_name TEXT NOT NULL,
            reason TEXT NOT NULL,
            result TEXT NOT NULL,
            duration REAL NOT NULL,
            evidence TEXT NOT NULL,
            fingerprints TEXT NOT NULL,
            mac BLOB NOT NULL
        ) STRICT""",
        "CREATE INDEX audit_log_by_key ON audit_log (key_id, number)",
        "CREATE INDEX audit_log_by_what ON audit_log (what, number)",
        "CREATE INDEX audit_log_by_time ON audit_log (at)",
        """CREATE TABLE audit_checkpoints (
            number INTEGER PRIMARY KEY,
            mac BLOB NOT NULL,
            at REAL NOT NULL,
            seal BLOB NOT NULL
        ) STRICT""",
        """CREATE TRIGGER audit_log_is_never_altered BEFORE UPDATE ON audit_log
            BEGIN SELECT RAISE(ABORT, 'the activity log is append-only'); END""",
        """CREATE TRIGGER audit_log_leaves_below_a_checkpoint BEFORE DELETE ON audit_log
            WHEN OLD.number > (SELECT coalesce(max(number), 0) FROM audit_checkpoints)
            BEGIN SELECT RAISE(ABORT, 'the activity log is append-only'); END""",
        # Also against INSERT OR REPLACE, which deletes without asking the trigger above.
        """CREATE TRIGGER audit_log_grows_at_its_end BEFORE INSERT ON audit_log
            WHEN NEW.number <= (SELECT coalesce(max(number), 0) FROM audit_log)
            OR NEW.number <= (SELECT coalesce(max(number), 0) FROM audit_checkpoints)
            BEGIN SELECT RAISE(ABORT, 'the activity log is append-only'); END""",
        """CREATE TRIGGER audit_checkpoints_are_never_altered BEFORE UPDATE ON audit_checkpoints
            BEGIN SELECT RAISE(ABORT, 'checkpoints stay'); END""",
        """CREATE TRIGGER audit_checkpoints_stay BEFORE DELETE ON audit_checkpoints
            BEGIN SELECT RAISE(ABORT, 'checkpoints stay'); END""",
        """CREATE TRIGGER audit_checkpoints_grow_at_their_end BEFORE INSERT ON audit_checkpoints
            WHEN NEW.number <= (SELECT coalesce(max(number), 0) FROM audit_checkpoints)
            BEGIN SELECT RAISE(ABORT, 'checkpoints stay'); END""",
    ),
)

VERSION = len(MIGRATIONS)
