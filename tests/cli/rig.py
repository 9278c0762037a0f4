"""The command line on real files and a real practice server; in this process with a vault of the test's, or as its
own process with the real keyring."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from nomba_desktop.adapters.httpx_nomba import HttpxNombaApi, TimeLimits
from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
from nomba_desktop.app.console import Program
from nomba_desktop.app.core import Core
from nomba_desktop.app.paths import Paths, paths_below
from nomba_desktop.app.world import World, this_process
from nomba_desktop.cli.quick import NotQuick, Quick
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.environments import LIVE, SANDBOX, practice
from nomba_desktop.domain.renewal import DEFAULT_POLICY, Policy
from nomba_desktop.domain.settings import DEFAULTS, Settings
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.practice.server import PracticeServer
from tests.support.fakes.fake_vault import FakeVault
from tests.support.worlds import HeldSettings

ROOT = Path(__file__).parents[2]
T = TypeVar("T")
#: Nobody waits for 20 seconds in a test.
WARNED = replace(DEFAULTS, secrets_warning_seen=True)
IMPATIENT = replace(DEFAULT_POLICY, lock_wait=0.15)


def some_keys(count: int = 2) -> list[PracticeKey]:
    """Active Admin keys with names of their own."""
    names = ("Checkout web", "Payouts service", "Check-in desk", "Terminal fleet")
    made = [key for key in sample_keys(random.SystemRandom().randrange(2**32)) if key.state == "active"]
    return [replace(key, name=name, role="Admin") for key, name in zip(made, names[:count], strict=False)]


class Stream(io.StringIO):
    """Standard output or input that may be a terminal."""

    def __init__(self, text: str = "", *, screen: bool = False) -> None:
        super().__init__(text)
        self.screen = screen

    def isatty(self) -> bool:
        return self.screen


@dataclass
class Said:
    """What came of one command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as the one object that it is."""
        body = json.loads(self.out)
        assert isinstance(body, dict)
        assert self.out == json.dumps(body, indent=2) + "\n"
        return body


@dataclass
class Shell:
    """The command line in this process."""

    root: Path
    server: PracticeServer
    vault: FakeVault = field(default_factory=lambda: FakeVault(SystemClock()))
    quick: Quick = field(default_factory=NotQuick)
    policy: Policy = IMPATIENT
    settings: Settings = WARNED
    url: str = ""

    def world(self, paths: Paths | None = None) -> World:
        """Real files, real HTTP, the test's vault."""
        clock = SystemClock()
        return World(
            clock=clock,
            chance=SystemChance(),
            who=this_process("nomba"),
            paths=paths_below(self.root),
            vault=self.vault,
            settings_file=HeldSettings(self.settings),
            api=lambda admission, settings: HttpxNombaApi(
                admission, clock, limits=TimeLimits(connect=2.0, read=2.0, auth=2.0, read_total=2.0)
            ),
            environments=lambda _: (LIVE, SANDBOX, practice(self.url or self.server.url)),
        )

    def run(self, *arguments: str, given: str = "", typed: str | None = None, screen: bool = False) -> Said:
        """One command. `given` is standard input, `typed` what a person enters without echo."""
        out, err = Stream(screen=screen), Stream()
        terminal = Terminal(out, err, Stream(given, screen=typed is not None), lambda _: typed or "")
        program = Program(terminal, paths_below(self.root), self.quick, world=self.world, policy=self.policy)
        return Said(program.run(arguments), out.getvalue(), err.getvalue())

    def add(self, key: PracticeKey, *more: str, uses: str = "no") -> Said:
        """`nomba add` with everything it needs."""
        return self.run(*add_arguments(key, uses), *more, given=key.client_secret + "\n")

    def with_core(self, work: Callable[[Core], Awaitable[T]]) -> T:
        """Another program of the same user, for a moment."""

        async def amain() -> T:
            core = Core(self.world())
            await core.open()
            try:
                return await work(core)
            finally:
                await core.aclose()

        return asyncio.run(amain())


def add_arguments(key: PracticeKey, uses: str = "no") -> list[str]:
    return [
        "add", "--name", key.name, "--environment", "practice", "--account-id", key.account_id,
        "--client-id", key.client_id, "--server-uses-it", uses, "--role", key.role, "--secret-stdin",
    ]  # fmt: skip


class Process:
    """The installed command as its own process, on a profile of its own and the real keyring."""

    def __init__(self, root: Path, url: str = "") -> None:
        self.root = root
        if url:
            (root / "config").mkdir(parents=True)
            (root / "config" / "settings.toml").write_text(
                f'practice_url = "{url}"\nsecrets_warning_seen = true\n', "utf-8"
            )

    def environ(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of the child: this test's, with the profile."""
        return {**os.environ, "NOMBA_PROFILE_DIR": str(self.root), "PYTHONWARNINGS": "error", **(more or {})}

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Begin one command."""
        chosen = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        environ = self.environ(chosen.pop("environ", None))
        return subprocess.Popen([*command(), *arguments], text=True, env=environ, cwd=ROOT, **chosen)

    def run(self, *arguments: str, given: str = "", **options: Any) -> Said:
        """One command, from beginning to end."""
        process = self.start(*arguments, **options)
        out, err = process.communicate(given, timeout=50)
        return Said(process.returncode, out or "", err or "")

    def add(self, key: PracticeKey, *more: str, uses: str = "no") -> Said:
        """`nomba add` with everything it needs."""
        return self.run(*add_arguments(key, uses), *more, given=key.client_secret + "\n")


def command() -> Sequence[str]:
    """What starts `nomba`."""
    return (sys.executable, "-m", "nomba_desktop.app.console")
