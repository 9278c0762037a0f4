"""Every exit code: the table, its documentation, and each code brought about over real HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from nomba_desktop.adapters.filelock_lock import FileSessionLock
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.app.console import Program  # noqa: F401 - every error of the command line is imported by it
from nomba_desktop.app.core import Core
from nomba_desktop.app.paths import paths_below
from nomba_desktop.cli import leave, problems, report  # noqa: F401
from nomba_desktop.cli.exits import EXITS, exit_of
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import NombaDesktopError
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.moves import displaced
from nomba_desktop.domain.record import SessionRecord, StopKind
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.snapshot import KeyringState
from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.services.ports import BoundSecret
from tests.cli.rig import ROOT, Shell

DOCS = (ROOT / "docs" / "command-line.md").read_text("utf-8")
BY_NAME = {row.name: row.code for row in EXITS}


def every_error(kind: type[NombaDesktopError] = NombaDesktopError) -> Iterator[type[NombaDesktopError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from every_error(below)


# -- the table ---------------------------------------------------------------------------------------------------


def test_codes_and_names_are_given_once() -> None:
    assert len({row.code for row in EXITS}) == len({row.name for row in EXITS}) == len(EXITS)
    references = [reference for row in EXITS for reference in row.references]
    assert len(references) == len(set(references))
    assert [row.code for row in EXITS] == sorted(row.code for row in EXITS)


def test_every_error_of_the_program_has_its_row() -> None:
    known = {reference for row in EXITS for reference in row.references}
    ours = {kind.reference for kind in every_error() if kind.__module__.startswith("nomba_desktop.")}
    assert ours <= known, "an error without a row in nomba_desktop/cli/exits.py"


def test_the_documentation_has_the_table() -> None:
    told = re.findall(r"^\| (\d+) \| `(\w+)` \| (.+?) \|$", DOCS, re.MULTILINE)
    assert told == [(str(row.code), row.name, row.meaning) for row in EXITS]


def test_an_unknown_reference_is_a_failure_like_any_other() -> None:
    assert exit_of("ND-777").name == "failed"


# -- each code ---------------------------------------------------------------------------------------------------


@dataclass
class Scene:
    """A shell with two keys added: the first is signed in, the second never was, and a server may use it."""

    shell: Shell
    first: PracticeKey
    second: PracticeKey

    def moved(self, move: Callable[[SessionRecord], SessionRecord]) -> None:
        """Another program wrote to the first key's record."""

        async def work(core: Core) -> None:
            assert core._store is not None
            await core._store.apply(self.session(core), move)

        self.shell.with_core(work)

    def session(self, core: Core) -> SessionId:
        """The first key's."""
        return self.key(core).session_id

    def key(self, core: Core) -> ApiKey:
        """The first key, as the app knows it."""
        return next(k for k in core.state.snapshot.keys.values() if k.name == self.first.name)


@pytest.fixture
def scene(shell: Shell, keys: list[PracticeKey]) -> Scene:
    first, second = keys
    assert shell.add(first, "--sign-in").code == 0
    assert shell.add(second, uses="not-sure").code == 0
    return Scene(shell, first, second)


Trouble = Callable[[Scene], list[str]]


def _wrong_secret(scene: Scene) -> list[str]:
    key_id, bound = next(
        (i, b) for i, b in scene.shell.vault.entries.items() if b.binding.client_id == scene.second.client_id
    )
    scene.shell.vault.entries[key_id] = BoundSecret(Secret("x" * 88), bound.binding)
    return ["sign-in", "pay", "--yes"]


def _blocked_at_the_edge(scene: Scene) -> list[str]:
    scene.shell.server.world.inject(Fault("edge_html", "/v1/auth/*", times=None))
    return ["sign-in", "pay", "--yes"]


def _nobody_there(scene: Scene) -> list[str]:
    scene.shell.server.stop()
    return ["refresh", "check"]


def _faulty(kind: str, **fields: object) -> Trouble:
    def trouble(scene: Scene) -> list[str]:
        scene.shell.server.world.inject(Fault(kind, "/v1/auth/*", **fields))  # type: ignore[arg-type]
        return ["refresh", "check"]

    return trouble


def _keyring(state: KeyringState, *command: str) -> Trouble:
    def trouble(scene: Scene) -> list[str]:
        scene.shell.vault.state = state
        return list(command) or ["token", "check"]

    return trouble


def _secret_gone(scene: Scene) -> list[str]:
    scene.shell.vault.entries.clear()
    return ["sign-in", "pay", "--yes"]


def _stopped(scene: Scene) -> list[str]:
    scene.moved(lambda r: replace(r, stop=StopKind.SUSPENDED, stop_count=1))
    return ["token", "check"]


def _taken(scene: Scene) -> list[str]:
    scene.shell.server.world.sign_in_elsewhere(scene.first.client_id)

    async def look(core: Core) -> None:
        assert core.sessions is not None
        with pytest.raises(NombaDesktopError):
            await core.sessions.check(scene.key(core).id)

    scene.shell.with_core(look)
    return ["token", "check"]


def _displaced(scene: Scene) -> list[str]:
    scene.moved(lambda r: replace(displaced(r, r.generation, 1.0, "Payouts service"), tokens=None))
    return ["token", "check"]


def _latched(scene: Scene) -> list[str]:
    scene.shell.server.world.suspend_key(scene.first.client_id)
    assert scene.shell.run("refresh", "check").code == BY_NAME["refused"]
    return ["token", "check", "--min-life", "99999"]


def _too_early(scene: Scene) -> list[str]:
    scene.shell.server.world.inject(Fault("error", "/v1/auth/*", status=503))
    assert scene.shell.run("refresh", "check").code == BY_NAME["try_later"]
    return ["token", "check", "--min-life", "99999"]


def _no_store(scene: Scene) -> list[str]:
    database = paths_below(scene.shell.root).database
    for file in database.parent.iterdir():
        if file.is_file():
            file.unlink()
    database.mkdir()
    return ["keys"]


def _sealed_otherwise(scene: Scene) -> list[str]:
    async def other_key(core: Core) -> None:
        database = core._database
        await database.write(
            lambda connection: connection.execute("UPDATE sessions SET revision = revision + 1")
        )

    scene.shell.with_core(other_key)
    return ["token", "check"]


def _end_owed(scene: Scene) -> list[str]:
    scene.shell.server.stop()
    return ["sign-out", "check"]


TROUBLES: dict[str, Trouble] = {
    "failed": lambda _: ["practice", "--port", "1", "--samples-file", "/nowhere/keys.json"],
    "usage": lambda _: ["token", "check", "--wort"],
    "not_found": lambda _: ["token", "nobody"],
    "ambiguous": lambda scene: ["token", _common_start(scene)],
    "refused": _wrong_secret,
    "forbidden": _blocked_at_the_edge,
    "offline": _nobody_there,
    "try_later": _faulty("rate_limited", times=None),
    "keyring_locked": _keyring(KeyringState.LOCKED),
    "keyring_absent": _keyring(KeyringState.ABSENT),
    "keyring_denied": _keyring(KeyringState.DENIED),
    "keyring_hung": _keyring(KeyringState.HUNG),
    "secret_unusable": _secret_gone,
    "ask_first": lambda _: ["sign-in", "pay"],
    "stopped": _stopped,
    "taken_elsewhere": _taken,
    "displaced": _displaced,
    "signed_out": lambda _: ["token", "pay"],
    "latched": _latched,
    "waiting": _too_early,
    "store_unavailable": _no_store,
    "store_damaged": _sealed_otherwise,
    "fields": lambda _: ["inspect"],
    "end_owed": _end_owed,
    "no_such_command": lambda _: ["exec", "check", "--", "no-such-command-here"],
    "not_executable": lambda scene: ["exec", "check", "--", str(scene.shell.root)],
}
#: Brought about where it takes a process, another server, a lock or an editor for databases: in this file below, in
#: test_processes.py and in test_audit.py.
ELSEWHERE = frozenset(
    {
        "ok",
        "unsafe",
        "held_elsewhere",
        "settings",
        "checks_failed",
        "interrupted",
        "log_broken",
        "output_lost",
        "team",
    }
)


def _common_start(scene: Scene) -> str:
    third = replace(scene.second, name="Checkpoint", client_id="00000000-0000-4000-8000-000000000001")
    assert scene.shell.add(third).code == 0
    return "check"


def test_every_code_is_brought_about() -> None:
    assert TROUBLES.keys() | ELSEWHERE == {row.name for row in EXITS}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_code_in_words_and_in_json(name: str, scene: Scene) -> None:
    arguments = TROUBLES[name](scene)
    given = "no token at all" if name == "fields" else ""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    if name != "end_owed":  # the second time nothing is left to end
        plain = scene.shell.run(*arguments, given=given)
        assert plain.code == BY_NAME[name], plain
        assert plain.out == ""
        assert plain.err.startswith(f"nomba {arguments[0]}: ")
        assert "Traceback" not in plain.err
    said = scene.shell.run(*arguments[:at], "--json", *arguments[at:], given=given)
    assert said.code == BY_NAME[name], said
    assert said.err == ""
    body = said.json
    assert (body["schema"], body["ok"], body["exit_code"]) == (1, False, BY_NAME[name])
    assert body["command"] == arguments[0]
    error = body["error"]
    assert set(error) >= {"reference", "title", "sentence", "hint", "details"}
    assert error["title"]
    assert exit_of(error["reference"]).name == name
    assert ("candidates" in error) == (name == "ambiguous")
    for secret in (scene.first.client_secret, scene.second.client_secret):
        assert secret not in said.out


def test_held_elsewhere_names_who_holds_it(scene: Scene) -> None:
    from nomba_desktop.domain.record import CallKind, Intent

    now = SystemClock().now()
    scene.moved(
        lambda r: replace(r, intent=Intent(CallKind.REFRESH, r.generation, "till-7/window/12", now, "x"))
    )
    paths = paths_below(scene.shell.root)

    async def held() -> None:
        lock = FileSessionLock(paths.locks, SystemClock(), "till-7/window/12")
        async with lock.try_hold(SessionId(_host(scene), scene.first.client_id)) as owner:
            assert owner is None
            said = await asyncio.to_thread(scene.shell.run, "token", "check", "--json")
        assert said.code == BY_NAME["held_elsewhere"]
        assert "till-7/window/12" in said.json["error"]["sentence"]

    asyncio.run(held())


def _host(scene: Scene) -> str:
    return scene.shell.server.url.removeprefix("http://")
