"""New settings mean new connections; a call under way ends on the old ones."""

from __future__ import annotations

import asyncio

from nomba_desktop.domain.environments import practice
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.api_switch import ApiSwitch
from nomba_desktop.services.ports import Probed, Target
from tests.support.qtloop import turn

TARGET = Target(practice(), "account", "client")


class Line:
    """An api whose probes wait until they are let go; notes when it was closed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.go = asyncio.Event()
        self.closed = False

    async def probe(self, target: Target, access: Secret | None, **_: object) -> Probed:
        await self.go.wait()
        return Probed(200, 0.0, {"line": self.name})

    async def aclose(self) -> None:
        self.closed = True


async def test_a_call_under_way_ends_on_the_old_connections() -> None:
    old, new = Line("old"), Line("new")
    switch = ApiSwitch(old)  # type: ignore[arg-type]
    first = asyncio.create_task(switch.probe(TARGET, None))
    await turn()
    replacing = asyncio.create_task(switch.replace(new))  # type: ignore[arg-type]
    await turn()
    new.go.set()
    assert (await switch.probe(TARGET, None)).summary["line"] == "new"
    assert not old.closed
    old.go.set()
    assert (await first).summary["line"] == "old"
    await replacing
    assert old.closed
    assert not new.closed


async def test_closing_closes_what_is_in_use() -> None:
    line = Line("only")
    await ApiSwitch(line).aclose()  # type: ignore[arg-type]
    assert line.closed
