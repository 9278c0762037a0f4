"""This desktop's place in a team, as joining leaves it in the keyring."""

from __future__ import annotations

from dataclasses import dataclass, field

from nomba_desktop.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Membership:
    """`team`: the team's public random id; `key`: its key, 32 bytes; `machine`: random id of this desktop, the same
    for all its processes. The rest says where the server is and who this desktop is there (ACL)."""

    team: str
    key: bytes = field(repr=False)
    machine: str
    host: str
    port: int = 6379
    username: str = ""
    password: Secret | None = None
    tls: bool = True
    ca_file: str = ""
