"""A person's desk: the real window on real files and a real keyring, with hands and eyes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from typing import TypeVar
from uuid import uuid4

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QPlainTextEdit, QWidget

from nomba_desktop.adapters.httpx_nomba import HttpxNombaApi, TimeLimits
from nomba_desktop.adapters.keyring_vault import KeyringVault
from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
from nomba_desktop.adapters.toml_settings import TomlSettings
from nomba_desktop.app.paths import paths_below
from nomba_desktop.app.window_app import WindowApp
from nomba_desktop.app.world import World, this_process
from nomba_desktop.domain.environments import LIVE, SANDBOX, Environment, practice
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.settings import Settings
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.server import PracticeServer, system_sleep
from nomba_desktop.practice.sessions import MintedTokens, Sessions
from nomba_desktop.practice.world import PracticeWorld
from nomba_desktop.services.ports import Admission, NombaApi
from nomba_desktop.ui.derive.rows import Row
from nomba_desktop.ui.dialogs.add_key import AddKeyDialog
from nomba_desktop.ui.notices import NoticeBar
from tests.support.qtloop import turn, wait_until

W = TypeVar("W", bound=QWidget)

#: Shorter than for people, so that a server which says nothing is given up soon.
LIMITS = TimeLimits(connect=2.0, read=1.0, read_total=1.5, auth=1.5)
#: The machine may be busy with others.
PATIENCE = 20.0


class SteppedClock(SystemClock):
    """The computer's clock, ahead by what it was stepped: what a suspended computer wakes up to."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        return super().now() + self._ahead

    def step(self, seconds: float) -> None:
        self._ahead += seconds


class NotedSessions(Sessions):
    """The practice server's session table; keeps what it hands out, which the server itself never does."""

    def __init__(self, clock: object, rng: SystemRandom) -> None:
        super().__init__(clock, rng)  # type: ignore[arg-type]
        self.handed_out: list[MintedTokens] = []

    def _mint(self, *args: object, **more: object) -> MintedTokens:
        minted = super()._mint(*args, **more)  # type: ignore[arg-type]
        self.handed_out.append(minted)
        return minted


@contextmanager
def noted_server(
    *keys: PracticeKey, clock: SystemClock | None = None
) -> Iterator[tuple[PracticeServer, NotedSessions]]:
    """A practice server on loopback, and what it hands out."""
    world = PracticeWorld(clock or SystemClock(), SystemRandom(), sleep=system_sleep)
    sessions = world.sessions = NotedSessions(world.clock, SystemRandom())
    with PracticeServer(world, keys=list(keys)) as server:
        yield server, sessions


def impatient_api(clock: SystemClock) -> Callable[[Admission, Settings], NombaApi]:
    """The HTTP adapter that gives up soon."""

    def make(admission: Admission, settings: Settings) -> NombaApi:
        return HttpxNombaApi(
            admission, clock, proxy=settings.proxy, extra_ca=settings.extra_ca, limits=LIMITS
        )

    return make


def desk_world(
    root: Path,
    url: str,
    *,
    profile: str = "",
    where: Environment | None = None,
    clock: SystemClock | None = None,
) -> World:
    """The user's world below `root`, with a keyring profile of its own. `where` replaces Practice at `url`."""
    clock = clock or SystemClock()
    paths = paths_below(root)
    return World(
        clock=clock,
        chance=SystemChance(),
        who=this_process("window"),
        paths=paths,
        vault=KeyringVault(clock, paths.data, profile or f"desk-{uuid4().hex[:8]}"),
        settings_file=TomlSettings(paths.settings),
        api=impatient_api(clock),
        environments=lambda _: (LIVE, SANDBOX, where or practice(url)),
    )


@dataclass
class Desk:
    """The window and what a person does with it."""

    program: WindowApp
    work: asyncio.Task[int]
    practised: list[str] = field(default_factory=list)

    # -- eyes ----------------------------------------------------------------------------------------------------

    def seen(self, kind: type[W], below: QWidget | None = None) -> list[W]:
        """What of that kind is on the screen."""
        return [w for w in (below or self.program.window).findChildren(kind) if w.isVisible()]

    def words(self, below: QWidget | None = None) -> list[str]:
        """Every text that a person can read, and those in tooltips and for screen readers."""
        found: list[str] = []
        for widget in (below or self.program.window).findChildren(QWidget):
            found += [
                widget.toolTip(),
                widget.accessibleName(),
                widget.accessibleDescription(),
                widget.windowTitle(),
            ]
            if isinstance(widget, QLineEdit):
                found.append(widget.displayText())
            elif isinstance(widget, QLabel | QAbstractButton):
                found.append(widget.text())
            elif isinstance(widget, QPlainTextEdit):
                found.append(widget.toPlainText())
        return [text for text in found if text]

    def says(self, words: str, below: QWidget | None = None) -> bool:
        """Whether these words can be read somewhere."""
        return any(words in text for text in self.words(below))

    def rows(self) -> list[Row]:
        """The rows of the table, in order."""
        model = self.program.window.table.keys
        return [row for place in range(model.rowCount()) if (row := model.row_at(place)) is not None]

    def row(self, name: str) -> Row | None:
        """The row of a key."""
        return next((row for row in self.rows() if row.name == name), None)

    def state(self, name: str) -> str:
        """What the table says of a key."""
        row = self.row(name)
        return row.state if row is not None else ""

    def generation(self, name: str) -> int:
        """The generation of a key's session."""
        sessions = self.program.core.sessions
        assert sessions is not None
        return sessions.record(self.key(name)).generation

    def key(self, name: str) -> ApiKey:
        """A key of the inventory."""
        return next(k for k in self.program.core.state.snapshot.keys.values() if k.name == name)

    def bars(self) -> list[NoticeBar]:
        """The notices on the screen, from the top."""
        return [bar for bar in self.program.window.notices.bars() if bar.isVisible()]

    def bar(self, title: str) -> NoticeBar | None:
        """The notice with that in its title."""
        return next((bar for bar in self.bars() if title in bar.props.title), None)

    def told(self, title: str) -> str:
        """Title and sentence of the notice with that in its title."""
        bar = self.bar(title)
        return f"{bar.props.title} {bar.props.sentence}" if bar is not None else ""

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so; fails when the program ended or what was asked for does not come."""
        try:
            await wait_until(lambda: self.work.done() or condition(), PATIENCE)
        except TimeoutError:
            titles = [notice.title for notice in self.program.core.state.snapshot.notices]
            rows = [(row.name, row.state) for row in self.rows()]
            raise AssertionError(f"it did not come about; rows {rows}, notices {titles}") from None
        assert not self.work.done(), self.work

    def forms(self) -> list[AddKeyDialog]:
        """The forms for adding that are open."""
        return self.seen(AddKeyDialog)

    def visible_edit(self, name: str, below: QWidget) -> QLineEdit:
        """The field of that accessible name."""
        (found,) = [edit for edit in self.seen(QLineEdit, below) if edit.accessibleName() == name]
        return found

    # -- hands ---------------------------------------------------------------------------------------------------

    def click(self, widget: QWidget) -> None:
        """Left mouse button, in the middle."""
        assert widget.isVisible()
        assert widget.isEnabled(), widget
        middle = QPoint(widget.width() // 2, widget.height() // 2)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=middle)

    def button(self, text: str, below: QWidget | None = None) -> QAbstractButton:
        """The one button with that text on the screen."""
        found = [b for b in self.seen(QAbstractButton, below) if b.text() == text]
        assert len(found) == 1, f"{len(found)} buttons say {text!r}"
        return found[0]

    def seen_button(self, text: str, below: QWidget | None = None) -> bool:
        """Whether a button with that text is on the screen and can be pressed."""
        return any(b.text() == text and b.isEnabled() for b in self.seen(QAbstractButton, below))

    def press(self, text: str, below: QWidget | None = None) -> None:
        """Click the one button with that text."""
        self.click(self.button(text, below))

    def choose(self, name: str) -> None:
        """Click a key's row."""
        table = self.program.window.table
        place = [row.name for row in self.rows()].index(name)
        centre = table.visualRect(table.keys.index(place, 0)).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=centre)

    async def open_form(self) -> AddKeyDialog:
        """*Add key*, by whichever button is there."""
        window = self.program.window
        window.add_key_requested.emit()
        await self.until(lambda: self.seen(AddKeyDialog))
        return self.seen(AddKeyDialog)[0]

    def fill(self, form: AddKeyDialog, key: PracticeKey, *, secret: str | None = None) -> None:
        """Type a key into the form, character by character."""
        fields = form.form
        for edit, text in (
            (fields.name, key.name),
            (fields.account_id, key.account_id),
            (fields.client_id, key.client_id),
            (fields.secret.edit, key.client_secret if secret is None else secret),
        ):
            edit.setFocus()
            edit.selectAll()
            QTest.keyClicks(edit, text)
        self.click(fields.environment.buttons()[2])
        self.click(fields.shared_use.buttons()[1])

    async def add(self, key: PracticeKey, *, sign_in: bool = True, secret: str | None = None) -> None:
        """Add a key by hand; the form has closed again."""
        form = await self.open_form()
        self.fill(form, key, secret=secret)
        self.click(form.save_and_sign_in if sign_in else form.save)
        await self.until(lambda: not self.seen(AddKeyDialog))
        await self.until(lambda: self.row(key.name) is not None)

    async def add_signed_in(self, key: PracticeKey) -> None:
        """Sign in with a key that was added before."""
        self.choose(key.name)
        await self.until(lambda: self.seen_button("Sign in", self.program.window.detail))
        self.press("Sign in", self.program.window.detail)
        await self.until(lambda: self.state(key.name) == "Signed in")

    async def try_to_add(self, key: PracticeKey, said: str) -> None:
        """Fill the form, save, and wait for what it says; the form stays open."""
        form = await self.open_form()
        self.fill(form, key)
        self.click(form.save)
        await self.until(lambda: form.problem.isVisible() and self.says(said, form.problem))
        if form.problem.more.isVisible():
            self.click(form.problem.more)

    def close_forms(self) -> None:
        """Cancel every form that is open."""
        for form in self.seen(AddKeyDialog):
            self.click(form.cancel)

    async def end(self) -> None:
        """Close the window; the program ends in order."""
        if not self.work.done():
            self.program.window.close()
        assert await asyncio.wait_for(self.work, PATIENCE) == 0


@asynccontextmanager
async def at_desk(app: QApplication, world: World) -> AsyncIterator[Desk]:
    """The program from its start to its orderly end. This begins when everything has been opened, or told."""
    practised: list[str] = []
    opened = asyncio.Event()

    async def prepare(_: object) -> None:
        opened.set()

    program = WindowApp(app, world, practise=lambda: practised.append("practise"), prepare=prepare)
    desk = Desk(program, asyncio.create_task(program.run()), practised)
    try:
        await desk.until(lambda: program.window.isVisible() and opened.is_set())
        program.window.activateWindow()
        await desk.until(program.window.isActiveWindow)
        yield desk
    finally:
        try:
            await desk.end()
        finally:
            program.window.deleteLater()
            await turn(3)
            app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            if isinstance(world.vault, KeyringVault):
                world.vault.close()
