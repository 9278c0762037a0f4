"""A window, a theme and a recording `Intents` for the tests of dialogs and pages."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QMainWindow, QPushButton, QVBoxLayout, QWidget

from nomba_desktop.domain.environments import LIVE, SANDBOX, practice
from nomba_desktop.domain.keys import ApiKey, FieldRemark, KeyDraft, KeyId, check_draft
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.settings import Settings
from nomba_desktop.domain.tokens import read_claims
from nomba_desktop.services.tasks import Tasks
from nomba_desktop.ui.intents import Inspection
from tests.support.qtloop import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nomba_desktop.domain.errors import NombaDesktopError

ENVIRONMENTS = (LIVE, SANDBOX, practice())
ACCOUNT_ID = "890022ce-bae0-45c1-9b9d-ee7872e6ca27"
CLIENT_ID = "2242b79d-f2cf-4ccc-ada1-b3b1c8a99f0d"
SECRET = base64.b64encode(bytes(range(7, 71))).decode()
KEY = ApiKey(
    KeyId("k1"), "Payouts service", "live", "api.nomba.com", ACCOUNT_ID, CLIENT_ID, tags=("ops", "payouts")
)


class World:
    """`Intents` that writes down what it is asked. What the tests don't need is left out."""

    def __init__(self) -> None:
        self.clip = ""
        self.keys: list[ApiKey] = []
        self.stored = Settings(secrets_warning_seen=True)
        self.calls: list[tuple[Any, ...]] = []
        self.saved: list[tuple[KeyDraft, Secret | None]] = []
        self.fail: list[Exception] = []
        self.remarks: tuple[FieldRemark, ...] = ()
        self.gate: asyncio.Event | None = None
        self.reports: list[tuple[str, NombaDesktopError]] = []
        self.tasks = Tasks(lambda name, error: self.reports.append((name, error)))

    async def _work(self) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.fail:
            raise self.fail.pop(0)

    def check(self, draft: KeyDraft, editing: KeyId | None = None) -> tuple[FieldRemark, ...]:
        host = next((e.host for e in ENVIRONMENTS if e.id == draft.environment_id), None)
        return check_draft(draft, host, self.keys, editing=editing)

    async def add_key(self, draft: KeyDraft, secret: Secret, *, sign_in: bool) -> tuple[FieldRemark, ...]:
        await self._work()
        self.calls.append(("add_key", sign_in))
        if not self.remarks:
            self.saved.append((draft, secret))
            self.stored = replace(self.stored, secrets_warning_seen=True)
        return self.remarks

    async def edit_key(
        self, key_id: KeyId, draft: KeyDraft, secret: Secret | None
    ) -> tuple[FieldRemark, ...]:
        await self._work()
        self.calls.append(("edit_key", key_id))
        self.saved.append((draft, secret))
        return self.remarks

    async def inspect(self, text: Secret) -> Inspection:
        await self._work()
        return Inspection(read_claims(text), "Not known here.", len(text))

    async def save_settings(self, settings: Settings) -> None:
        await self._work()
        self.calls.append(("save_settings",))
        self.stored = settings

    def settings(self) -> Settings:
        return self.stored

    def clipboard_text(self) -> str:
        return self.clip

    def unlock_keyring(self) -> None:
        self.calls.append(("unlock_keyring",))

    def memory_only(self) -> None:
        self.calls.append(("memory_only",))

    def forget_key(self, key_id: KeyId) -> None:
        self.calls.append(("forget_key", key_id))


class Desk(QMainWindow):
    """A window with something in it that can have the focus."""

    def __init__(self, width: int = 1280, height: int = 800) -> None:
        super().__init__()
        self.resize(width, height)
        middle = QWidget()
        rows = QVBoxLayout(middle)
        self.button = QPushButton("Add key")
        rows.addWidget(self.button)
        self.setCentralWidget(middle)

    async def ready(self) -> None:
        """Shown, active, the button focused."""
        self.show()
        self.activateWindow()
        await wait_until(self.isActiveWindow)
        self.button.setFocus()


def focused() -> QWidget:
    """The widget with the focus; there has to be one."""
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def spoken(root: QWidget) -> Iterator[str]:
    """Every text that assistive technology or an inspector of the object tree could read below `root`."""
    for widget in (root, *root.findChildren(QWidget)):
        yield from (
            widget.objectName(), widget.toolTip(), widget.whatsThis(), widget.statusTip(), widget.windowTitle(),
            widget.accessibleName(), widget.accessibleDescription(),
        )  # fmt: skip
        names = (bytes(name.data()).decode() for name in widget.dynamicPropertyNames())
        yield from (str(widget.property(name)) for name in names if not name.startswith("_"))
        interface = QAccessible.queryAccessibleInterface(widget)
        if interface is None:
            continue
        for kind in (
            QAccessible.Text.Name,
            QAccessible.Text.Description,
            QAccessible.Text.Value,
            QAccessible.Text.Help,
        ):
            yield interface.text(kind)
        text = interface.textInterface()
        if text is not None:
            yield text.text(0, text.characterCount())


def pieces(secret: str, size: int = 12) -> set[str]:
    """Every piece of a secret that must not be found anywhere."""
    return {secret[i : i + size] for i in range(len(secret) - size + 1)}
