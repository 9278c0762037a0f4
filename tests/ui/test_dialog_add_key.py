"""*Add an API key* in a real window: by keyboard, by paste, with mistakes, with errors, and what it leaves behind."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from nomba_desktop.domain.errors import KeyringAbsent, KeyringLocked, Unexpected
from nomba_desktop.domain.keys import Field, FieldRemark, Role, SharedUse
from nomba_desktop.domain.paste import Pasted
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.settings import Settings
from nomba_desktop.ui.derive.add_key import Line, Tone, derive_paste
from nomba_desktop.ui.dialogs.add_key import AddKeyDialog
from nomba_desktop.ui.dialogs.confirm import ConfirmDialog
from tests.support.qtloop import turn, wait_until
from tests.ui.form_world import (
    ACCOUNT_ID,
    CLIENT_ID,
    ENVIRONMENTS,
    KEY,
    SECRET,
    Desk,
    World,
    focused,
    pieces,
    spoken,
)

if TYPE_CHECKING:
    from nomba_desktop.ui.intents import Intents
    from nomba_desktop.ui.theme import Theme


def open_dialog(desk: QWidget, theme: Theme, world: World) -> AddKeyDialog:
    dialog = AddKeyDialog(desk, theme, cast("Intents", world), world.tasks.spawn, ENVIRONMENTS)
    dialog.open()
    return dialog


def type_(text: str) -> None:
    QTest.keyClicks(focused(), text)


def tab(times: int = 1) -> None:
    for _ in range(times):
        QTest.keyClick(focused(), Qt.Key.Key_Tab)


def press(key: Qt.Key) -> None:
    QTest.keyClick(focused(), key)


def line_of(dialog: AddKeyDialog, field: Field) -> str:
    line = dialog.form.fields[field].line
    return line.label.text() if line.isVisible() else ""


def complete(dialog: AddKeyDialog, shared: SharedUse = SharedUse.ONLY_HERE) -> None:
    form = dialog.form
    form.name.setText("Payouts service")
    form.environment.buttons()[0].click()
    form.account_id.setText(ACCOUNT_ID)
    form.client_id.setText(CLIENT_ID)
    form.secret.put(Secret(SECRET))
    form.shared_use.buttons()[list(SharedUse).index(shared)].click()


# -- by keyboard ----------


async def test_a_key_is_added_by_keyboard_alone(desk: Desk, theme: Theme, world: World) -> None:
    dialog = open_dialog(desk, theme, world)
    closed: list[int] = []
    dialog.finished.connect(closed.append)
    assert focused() is dialog.paste
    tab()
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_Space)
    assert dialog.form.environment.value == "sandbox"
    tab()
    type_("Payouts")
    tab()
    press(Qt.Key.Key_Down)
    tab()
    type_(ACCOUNT_ID)
    tab()
    type_(CLIENT_ID)
    tab()
    type_(SECRET)
    tab()  # Show
    tab()
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Return)  # Save is the form's default button
    await wait_until(lambda: closed)
    ((draft, secret),) = world.saved
    assert (draft.name, draft.environment_id, draft.role) == ("Payouts", "sandbox", Role.ACCOUNTS)
    assert (draft.account_id, draft.client_id) == (ACCOUNT_ID, CLIENT_ID)
    assert draft.shared_use is SharedUse.ONLY_HERE
    assert secret == Secret(SECRET)
    assert world.calls == [("add_key", False)]
    assert focused() is desk.button


async def test_the_focus_goes_in_reading_order_and_stays_inside(
    desk: Desk, theme: Theme, world: World
) -> None:
    dialog = open_dialog(desk, theme, world)
    form = dialog.form
    form.secret.put(Secret(SECRET))
    form.more.setChecked(True)
    seen: list[QWidget] = []
    while focused() not in seen:
        seen.append(focused())
        tab()
        assert len(seen) < 40
    assert focused() is seen[0]
    assert all(dialog.isAncestorOf(widget) for widget in seen)

    def spot(widget: QWidget) -> tuple[int, int]:
        place = widget.mapTo(dialog.body, QPoint(0, 0)) if dialog.body.isAncestorOf(widget) else None
        if place is None:
            return 100_000, widget.mapTo(dialog, QPoint(0, 0)).x()
        return place.y() // 16, place.x()

    assert [spot(w) for w in seen] == sorted(spot(w) for w in seen)
    for wanted in (
        form.name,
        form.role,
        form.account_id,
        form.secret.edit,
        form.tags,
        dialog.cancel,
        dialog.save,
    ):
        assert wanted in seen
    QTest.keyClick(focused(), Qt.Key.Key_Backtab)
    assert focused() is seen[-1]


async def test_nothing_is_preselected(desk: Desk, theme: Theme, world: World) -> None:
    draft = open_dialog(desk, theme, world).form.draft()
    assert draft.environment_id is None
    assert draft.shared_use is None
    assert draft.role is Role.ADMIN


async def test_every_control_has_a_name_and_the_dialog_is_one(desk: Desk, theme: Theme, world: World) -> None:
    dialog = open_dialog(desk, theme, world)
    interface = QAccessible.queryAccessibleInterface(dialog)
    assert interface.role() is QAccessible.Role.Dialog
    assert interface.text(QAccessible.Text.Name) == "Add an API key"
    dialog.form.more.setChecked(True)
    for widget in dialog.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
            named = QAccessible.queryAccessibleInterface(widget)
            assert named.text(QAccessible.Text.Name), widget


# -- what is wrong stands beside its field ----------


async def test_saving_an_empty_form_says_what_each_field_needs(
    desk: Desk, theme: Theme, world: World
) -> None:
    dialog = open_dialog(desk, theme, world)
    dialog.save.click()
    await turn(2)
    lines = {field: line_of(dialog, field) for field in Field}
    assert lines[Field.NAME] == "Enter a name."
    assert lines[Field.ENVIRONMENT].startswith("Choose the environment")
    assert lines[Field.ACCOUNT_ID] == "Enter the account ID."
    assert lines[Field.CLIENT_ID] == "Enter the client ID."
    assert lines[Field.SECRET] == "Enter the client secret."
    assert lines[Field.SHARED_USE].startswith("Answer whether")
    assert world.saved == []
    assert focused() is dialog.form.name
    for field in (Field.NAME, Field.ACCOUNT_ID, Field.CLIENT_ID, Field.SECRET):
        shown = dialog.form.fields[field]
        control = shown.control
        below = (
            shown.line.mapTo(dialog, QPoint(0, 0)).y()
            - control.mapTo(dialog, QPoint(0, control.height())).y()
        )
        assert 0 <= below <= 12, field
        target = control.focusProxy() or control
        assert target.property("invalid") == "true"
        assert target.accessibleDescription() == lines[field]


async def test_a_field_is_judged_when_it_is_left_not_while_it_is_typed(
    desk: Desk, theme: Theme, world: World
) -> None:
    dialog = open_dialog(desk, theme, world)
    dialog.form.client_id.setFocus()
    type_(CLIENT_ID[:23])
    assert line_of(dialog, Field.CLIENT_ID) == ""
    tab()
    assert line_of(dialog, Field.CLIENT_ID) == "A client ID has 36 characters; this has 23."
    assert line_of(dialog, Field.ACCOUNT_ID) == ""
    dialog.form.client_id.setFocus()
    press(Qt.Key.Key_End)
    type_(CLIENT_ID[23:])
    assert line_of(dialog, Field.CLIENT_ID) == ""


async def test_a_key_that_is_here_already_is_named(desk: Desk, theme: Theme, world: World) -> None:
    world.keys.append(KEY)
    dialog = open_dialog(desk, theme, world)
    complete(dialog)
    dialog.save.click()
    await turn(2)
    assert "“Payouts service” already has this client ID" in line_of(dialog, Field.CLIENT_ID)
    assert world.saved == []


async def test_white_space_is_taken_off_and_told(desk: Desk, theme: Theme, world: World) -> None:
    dialog = open_dialog(desk, theme, world)
    dialog.form.account_id.setFocus()
    type_(f"  {ACCOUNT_ID} ")
    tab()
    assert dialog.form.account_id.text() == ACCOUNT_ID
    assert line_of(dialog, Field.ACCOUNT_ID) == "White space around it was removed."
    dialog.form.secret.edit.setFocus()
    type_(f"{SECRET} ")
    tab()
    assert dialog.form.typed_secret() == Secret(SECRET)
    assert line_of(dialog, Field.SECRET) == "White space around it was removed."


async def test_a_warning_never_blocks(desk: Desk, theme: Theme, world: World) -> None:
    dialog = open_dialog(desk, theme, world)
    complete(dialog)
    dialog.form.secret.put(Secret("x" * 60))
    dialog.save.click()
    await wait_until(lambda: world.saved)
    assert world.saved[0][1] == Secret("x" * 60)


async def test_a_mistake_in_a_folded_field_unfolds_it(desk: Desk, theme: Theme, world: World) -> None:
    dialog = open_dialog(desk, theme, world)
    complete(dialog)
    dialog.form.tags.setText(",".join(f"t{i}" for i in range(20)))
    assert not dialog.form.tags.isVisible()
    dialog.save.click()
    await turn(2)
    assert line_of(dialog, Field.TAGS) == "At most 12 tags; this has 20."
    assert focused() is dialog.form.tags


async def test_the_host_and_the_consequence_follow_the_choice(desk: Desk, theme: Theme, world: World) -> None:
    dialog = open_dialog(desk, theme, world)
    dialog.form.environment.buttons()[1].click()
    assert line_of(dialog, Field.SECRET).endswith("sent only to sandbox.nomba.com.")
    dialog.form.shared_use.buttons()[0].click()
    assert "signing in here would end the server's" in line_of(dialog, Field.SHARED_USE)


# -- paste all ----------

PASTES = {
    "text": f"Client ID: {CLIENT_ID}\nPrivate key: {SECRET}\nAccount ID: {ACCOUNT_ID}\n",
    "json": json.dumps({"live": {"clientId": CLIENT_ID, "client_secret": SECRET, "accountId": ACCOUNT_ID}}),
    ".env": f'NOMBA_CLIENT_ID="{CLIENT_ID}"\nexport NOMBA_PRIVATE_KEY={SECRET}\nNOMBA_ACCOUNT_ID={ACCOUNT_ID}\n',
    "dashboard": f"Live\nClient ID\n{CLIENT_ID}\nPrivate key\n{SECRET}\nAccount ID\n{ACCOUNT_ID}\n",
}


@pytest.mark.parametrize("kind", PASTES)
async def test_paste_all_finds_the_parts(desk: Desk, theme: Theme, world: World, kind: str) -> None:
    world.clip = PASTES[kind]
    dialog = open_dialog(desk, theme, world)
    press(Qt.Key.Key_Space)
    assert dialog.form.account_id.text() == ACCOUNT_ID
    assert dialog.form.client_id.text() == CLIENT_ID
    assert dialog.form.typed_secret() == Secret(SECRET)
    assert dialog.form.draft().environment_id is None
    said = dialog.found.label.text()
    assert said.startswith("Found the account ID, the client ID and the client secret (88 characters)")
    assert ("speaks of Live" in said) == (kind in ("json", "dashboard"))
    assert not pieces(SECRET) & {said[i : i + 12] for i in range(len(said))}


async def test_paste_all_says_what_is_unsure(desk: Desk, theme: Theme, world: World) -> None:
    world.clip = f"{CLIENT_ID} {ACCOUNT_ID}"
    dialog = open_dialog(desk, theme, world)
    dialog.paste.click()
    assert "not sure which ID is which" in dialog.found.label.text()


@pytest.mark.parametrize(("clip", "words"), [("", "no text"), ("a shopping list", "No account ID")])
async def test_paste_all_without_a_finding_changes_nothing(
    desk: Desk, theme: Theme, world: World, clip: str, words: str
) -> None:
    dialog = open_dialog(desk, theme, world)
    complete(dialog)
    world.clip = clip
    dialog.paste.click()
    assert words in dialog.found.label.text()
    assert dialog.form.account_id.text() == ACCOUNT_ID
    assert dialog.form.typed_secret() == Secret(SECRET)


def test_what_was_pasted_is_said_in_one_sentence() -> None:
    found = Pasted(ACCOUNT_ID, CLIENT_ID, Secret(SECRET), "sandbox", trimmed=True, unsure=("secret",))
    assert derive_paste("x", found) == Line(
        "Found the account ID, the client ID and the client secret (88 characters); not sure about the client "
        "secret, compare with the dashboard; white space around a value was removed; the text speaks of Sandbox, "
        "choose the environment yourself.",
        Tone.WARN,
    )
    assert derive_paste("x", Pasted(client_id=CLIENT_ID)) == Line("Found the client ID.", Tone.OK)


# -- saving ----------


async def test_while_saving_the_controls_are_off_and_esc_waits(
    desk: Desk, theme: Theme, world: World
) -> None:
    world.gate = asyncio.Event()
    dialog = open_dialog(desk, theme, world)
    complete(dialog)
    dialog.form.secret.show_button.click()
    dialog.save.click()
    await turn(2)
    assert dialog.busy.text() == "Saving…"
    assert not dialog.form.isEnabled()
    assert not dialog.form.secret.painted.isVisible()
    for button in (dialog.save, dialog.save_and_sign_in, dialog.cancel, dialog.paste):
        assert not button.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    closed: list[int] = []
    dialog.finished.connect(closed.append)
    world.gate.set()
    await wait_until(lambda: closed)
    assert world.saved


async def test_an_error_is_told_in_the_dialog_and_nothing_is_lost(
    desk: Desk, theme: Theme, world: World
) -> None:
    world.fail = [KeyringLocked(details="dbus says locked")]
    dialog = open_dialog(desk, theme, world)
    complete(dialog)
    before = dialog.form.draft()
    dialog.save.click()
    await wait_until(dialog.problem.isVisible)
    assert dialog.problem.title.text() == "The keyring is locked"
    assert "What you typed is still here." in dialog.problem.text.text()
    assert not dialog.problem.details.isVisible()
    dialog.problem.more.click()
    assert dialog.problem.details.text() == "dbus says locked · ND-301"
    assert dialog.form.draft() == before
    assert dialog.form.typed_secret() == Secret(SECRET)
    assert dialog.form.isEnabled()
    dialog.problem.act.click()
    assert world.calls == [("unlock_keyring",)]
    dialog.save.click()
    await wait_until(lambda: world.saved)
    assert world.reports == []


async def test_without_a_keyring_memory_is_offered(desk: Desk, theme: Theme, world: World) -> None:
    world.fail = [KeyringAbsent()]
    dialog = open_dialog(desk, theme, world)
    complete(dialog)
    dialog.save.click()
    await wait_until(dialog.problem.isVisible)
    dialog.problem.act.click()
    assert world.calls == [("memory_only",)]


async def test_a_defect_is_reported_and_the_form_goes_on(desk: Desk, theme: Theme, world: World) -> None:
    world.fail = [RuntimeError("a defect")]
    dialog = open_dialog(desk, theme, world)
    complete(dialog)
    dialog.save.click()
    await wait_until(lambda: world.reports)
    assert dialog.problem.title.text() == Unexpected.title
    assert dialog.form.isEnabled()
    assert dialog.form.typed_secret() == Secret(SECRET)


async def test_what_the_service_refuses_stands_beside_its_field(
    desk: Desk, theme: Theme, world: World
) -> None:
    world.remarks = (FieldRemark(Field.CLIENT_ID, "Somebody added it a moment ago."),)
    dialog = open_dialog(desk, theme, world)
    complete(dialog)
    dialog.save.click()
    await wait_until(lambda: line_of(dialog, Field.CLIENT_ID))
    assert line_of(dialog, Field.CLIENT_ID) == "Somebody added it a moment ago."
    assert dialog.isVisible()


async def test_signing_in_asks_first_where_a_server_may_use_the_key(
    desk: Desk, theme: Theme, world: World
) -> None:
    dialog = open_dialog(desk, theme, world)
    complete(dialog, SharedUse.YES_OR_NOT_SURE)
    dialog.save_and_sign_in.setFocus()
    press(Qt.Key.Key_Space)
    question = desk.findChild(ConfirmDialog)
    assert question is not None
    assert "401" in question.lead.text()
    assert focused() is question.cancel
    press(Qt.Key.Key_Return)
    await turn(2)
    assert world.calls == []
    assert focused() is dialog.save_and_sign_in
    press(Qt.Key.Key_Space)
    question = next(q for q in desk.findChildren(ConfirmDialog) if q.isVisible())
    question.act.click()
    await wait_until(lambda: world.saved)
    assert world.calls == [("add_key", True)]


async def test_signing_in_asks_nothing_where_only_this_app_uses_the_key(
    desk: Desk, theme: Theme, world: World
) -> None:
    dialog = open_dialog(desk, theme, world)
    complete(dialog)
    dialog.save_and_sign_in.click()
    await wait_until(lambda: world.saved)
    assert world.calls == [("add_key", True)]


async def test_nombas_advice_is_shown_until_the_first_key_was_saved(
    desk: Desk, theme: Theme, world: World
) -> None:
    world.stored = Settings()
    dialog = open_dialog(desk, theme, world)
    assert dialog.warning.isVisible()
    assert dialog.warning.text.text().startswith("Nomba advises against secrets on desktops")
    dialog.reject()
    assert not world.stored.secrets_warning_seen
    dialog = open_dialog(desk, theme, world)
    complete(dialog)
    dialog.save.click()
    await wait_until(lambda: world.stored.secrets_warning_seen)
    assert not open_dialog(desk, theme, world).warning.isVisible()


# -- closing, and what is left ----------


async def test_esc_closes_and_the_focus_goes_back(desk: Desk, theme: Theme, world: World) -> None:
    dialog = open_dialog(desk, theme, world)
    dialog.form.secret.edit.setFocus()
    type_(SECRET)
    press(Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert focused() is desk.button
    assert dialog.form.secret.is_empty
    assert not dialog.form.secret.edit.isUndoAvailable()
    dialog.form.secret.edit.undo()
    assert dialog.form.secret.is_empty


async def test_the_window_below_hears_neither_shortcut_nor_mouse(
    desk: Desk, theme: Theme, world: World
) -> None:
    fired: list[str] = []
    shortcut = QShortcut(QKeySequence("Ctrl+F"), desk)
    shortcut.activated.connect(lambda: fired.append("Ctrl+F"))
    desk.button.clicked.connect(lambda: fired.append("click"))
    QTest.keyClick(focused(), Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert fired == ["Ctrl+F"]
    dialog = open_dialog(desk, theme, world)
    QTest.keyClick(focused(), Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    centre = desk.button.mapTo(desk, desk.button.rect().center())
    window = desk.windowHandle()
    QTest.mouseClick(window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(6, centre.y()))
    assert fired == ["Ctrl+F"]
    assert dialog.isVisible()


async def test_the_secret_is_nowhere_to_be_read(desk: Desk, theme: Theme, world: World) -> None:
    world.clip = PASTES["text"]
    dialog = open_dialog(desk, theme, world)
    dialog.paste.click()
    planted = pieces(SECRET)
    for shown in (False, True):
        dialog.form.secret.show_button.setChecked(shown)
        dialog.save.click()
        everything = "\n".join(spoken(desk))
        assert "88 characters" in everything  # the search does look at the form
        assert not [piece for piece in planted if piece in everything]
    assert dialog.form.secret.painted.isVisible()
    assert dialog.form.secret.edit.text() == SECRET
    dialog.reject()
    values = [str(w.property("text")) for w in desk.findChildren(QWidget)]
    assert not [piece for piece in planted if any(piece in value for value in values)]


async def test_show_paints_and_hide_forgets(desk: Desk, theme: Theme, world: World) -> None:
    dialog = open_dialog(desk, theme, world)
    field = dialog.form.secret
    field.put(Secret(SECRET))
    blank = dialog.card.grab().toImage()
    field.show_button.click()
    assert field.show_button.text() == "Hide"
    assert field.painted.isVisible()
    assert dialog.card.grab().toImage() != blank
    field.show_button.click()
    assert not field.painted.isVisible()
    assert field.show_button.text() == "Show"


async def test_in_a_small_window_the_form_scrolls_and_the_buttons_stay(theme: Theme, world: World) -> None:
    desk = Desk(640, 480)
    await desk.ready()
    dialog = open_dialog(desk, theme, world)
    await turn(4)
    assert desk.rect().contains(dialog.card.geometry())
    assert dialog.scroller.verticalScrollBar().maximum() > 0
    assert dialog.card.rect().contains(dialog.save.mapTo(dialog.card, dialog.save.rect().bottomRight()))
    dialog.form.shared_use.buttons()[1].setFocus()
    await turn(2)
    seen = dialog.scroller.viewport().rect()
    assert seen.contains(dialog.form.shared_use.mapTo(dialog.scroller.viewport(), QPoint(1, 1)))
    desk.resize(1280, 800)
    await wait_until(lambda: dialog.size() == desk.size())
    assert dialog.scroller.verticalScrollBar().maximum() == 0
    desk.close()
    desk.deleteLater()
    await turn(2)
