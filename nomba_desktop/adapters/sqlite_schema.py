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
)

VERSION = len(MIGRATIONS)
