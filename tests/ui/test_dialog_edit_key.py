"""The key's *Settings* tab: editing keeps what wasn't touched, forgetting says what it does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtWidgets import QWidget

from nomba_desktop.domain.errors import StoreUnavailable
from nomba_desktop.domain.keys import Field, KeyId, SharedUse
from nomba_desktop.domain.secret import Secret
from nomba_desktop.ui.dialogs.confirm import ConfirmDialog
from nomba_desktop.ui.dialogs.edit_key import EditKeyForm
from tests.support.qtloop import turn, wait_until
from tests.ui.form_world import CLIENT_ID, ENVIRONMENTS, KEY, SECRET, Desk, World, pieces, spoken

if TYPE_CHECKING:
    from nomba_desktop.ui.intents import Intents
    from nomba_desktop.ui.theme import Theme


@pytest.fixture
async def form(desk: Desk, theme: Theme, world: World) -> EditKeyForm:
    made = EditKeyForm(desk, theme, cast("Intents", world), world.tasks.spawn, ENVIRONMENTS)
    desk.setCentralWidget(made)
    world.keys.append(KEY)
    made.show_key(KEY)
    return made


async def test_it_shows_the_key_and_offers_nothing_to_save(form: EditKeyForm) -> None:
    assert form.where.text() == "Live · api.nomba.com"
    assert form.form.name.text() == "Payouts service"
    assert form.form.tags.text() == "ops, payouts"
    assert form.form.shared_use.value is SharedUse.YES_OR_NOT_SURE
    assert form.form.secret.is_empty
    assert not form.form.fields[Field.ENVIRONMENT].isVisible()
    assert not form.save.isEnabled()
    assert not form.dirty


async def test_an_environment_that_is_known_later_gets_its_name(form: EditKeyForm) -> None:
    form.set_environments(())
    assert form.where.text() == "live · api.nomba.com"
    form.set_environments(ENVIRONMENTS)
    assert form.where.text() == "Live · api.nomba.com"


async def test_an_empty_secret_keeps_the_stored_one(form: EditKeyForm, world: World) -> None:
    form.form.name.setText(" Payouts ")
    assert form.save.isEnabled()
    form.save.click()
    await wait_until(lambda: world.saved)
    (draft, secret) = world.saved[0]
    assert (draft.name, draft.environment_id, draft.client_id) == ("Payouts", "live", CLIENT_ID)
    assert secret is None
    await wait_until(lambda: form.said.label.text() == "Saved.")
    assert not form.save.isEnabled()


async def test_a_new_secret_is_sent_and_then_wiped(form: EditKeyForm, world: World) -> None:
    form.form.secret.put(Secret(SECRET))
    form.save.click()
    await wait_until(lambda: world.saved)
    assert world.saved[0][1] == Secret(SECRET)
    await wait_until(lambda: form.form.secret.is_empty)
    assert not form.dirty


async def test_revert_shows_what_is_stored(form: EditKeyForm) -> None:
    form.form.name.setText("")
    form.form.secret.put(Secret(SECRET))
    form.save.click()
    assert form.form.fields[Field.NAME].line.label.text() == "Enter a name."
    form.revert.click()
    assert form.form.name.text() == "Payouts service"
    assert form.form.secret.is_empty
    assert not form.form.fields[Field.NAME].line.isVisible()


async def test_news_of_the_key_does_not_overwrite_what_is_typed(form: EditKeyForm) -> None:
    form.form.name.setText("half typed")
    form.show_key(replace(KEY, auto_refresh=True, name="Renamed elsewhere"))
    assert form.form.name.text() == "half typed"
    form.revert.click()
    form.show_key(replace(KEY, name="Renamed elsewhere"))
    assert form.form.name.text() == "Renamed elsewhere"


async def test_another_key_takes_its_place(form: EditKeyForm) -> None:
    form.form.name.setText("half typed")
    form.form.secret.put(Secret(SECRET))
    form.show_key(
        replace(KEY, id=KeyId("k2"), name="Another", environment_id="sandbox", host="sandbox.nomba.com")
    )
    assert form.form.name.text() == "Another"
    assert form.form.secret.is_empty
    assert form.where.text() == "Sandbox · sandbox.nomba.com"


async def test_an_error_keeps_what_was_typed(form: EditKeyForm, world: World) -> None:
    world.fail = [StoreUnavailable()]
    form.form.name.setText("Payouts")
    form.save.click()
    await wait_until(form.problem.isVisible)
    assert form.problem.title.text() == "The local store can't be written"
    assert form.form.name.text() == "Payouts"
    assert form.save.isEnabled()


async def test_forgetting_asks_and_says_what_happens(form: EditKeyForm, desk: Desk, world: World) -> None:
    form.forget.click()
    question = desk.findChild(ConfirmDialog)
    assert question is not None
    assert question.title.text() == "Forget “Payouts service”?"
    assert "Nothing changes at Nomba" in question.lead.text()
    question.cancel.click()
    await turn(2)
    assert world.calls == []
    form.forget.click()
    next(q for q in desk.findChildren(ConfirmDialog) if q.isVisible()).act.click()
    assert world.calls == [("forget_key", "k1")]


async def test_a_practice_key_is_forgotten_without_a_question(
    form: EditKeyForm, desk: Desk, world: World
) -> None:
    form.show_key(replace(KEY, id=KeyId("k3"), environment_id="practice"))
    form.forget.click()
    assert desk.findChild(ConfirmDialog) is None
    assert world.calls == [("forget_key", "k3")]


async def test_hiding_the_tab_wipes_a_typed_secret(form: EditKeyForm) -> None:
    form.form.secret.put(Secret(SECRET))
    form.form.secret.show_button.click()
    everything = "\n".join(spoken(form))
    assert not [piece for piece in pieces(SECRET) if piece in everything]
    form.hide()
    assert form.form.secret.is_empty
    assert not any(SECRET in str(w.property("text")) for w in form.findChildren(QWidget))
