"""One row of the session table: how it is found, and how its seal is opened. Light, for whoever only reads."""

from __future__ import annotations

from dataclasses import dataclass

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.domain.environments import SessionId

KIND = "session"
SELECT = "SELECT schema, generation, revision, sealed FROM sessions WHERE host = ? AND client_id = ?"


@dataclass(frozen=True, slots=True)
class Row:
    """What `SELECT` gives."""

    schema: int
    generation: int
    revision: int
    sealed: bytes


def unsealed(sealer: Sealer, session: SessionId, row: Row) -> bytes:
    """What was sealed. Raises `SealBroken` when the row was edited, swapped, or sealed under another key."""
    return sealer.open(
        row.sealed,
        host=session.host,
        client_id=session.client_id,
        kind=KIND,
        schema=row.schema,
        generation=row.generation,
        revision=row.revision,
    )
