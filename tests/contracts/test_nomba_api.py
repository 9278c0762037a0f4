"""What every `NombaApi` does; the real one against a practice server over loopback sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import pytest

from nomba_desktop.adapters.httpx_nomba import HttpxNombaApi
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.domain.environments import Environment, SessionId, practice
from nomba_desktop.domain.errors import (
    BadCredentials,
    BadRequest,
    ConnectionBroke,
    Fate,
    Forbidden,
    Offline,
    TokenRefused,
)
from nomba_desktop.domain.limits import Lane, Priority
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.tokens import parse_expires_at
from nomba_desktop.practice.faults import Fault, FaultKind
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.practice.server import PracticeServer
from nomba_desktop.practice.switches import Switches
from nomba_desktop.services.ports import Clock, NombaApi, Target
from tests.adapters.httpx_rig import OpenGate
from tests.support.fakes.manual_clock import ManualClock
from tests.support.fakes.nomba_api import FakeNombaApi
from tests.support.qtloop import wait_until


class Rig(Protocol):
    """One implementation with a key that exists, and what a test may do behind its back."""

    @property
    def api(self) -> NombaApi: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def gate(self) -> OpenGate: ...
    @property
    def target(self) -> Target: ...
    @property
    def secret(self) -> Secret: ...

    def lose_reply(self, what: str) -> None: ...
    def hold(self, what: str) -> Callable[[], bool]: ...
    def sign_in_elsewhere(self) -> None: ...
    def suspend(self) -> None: ...


class FakeRig:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.gate = OpenGate()
        self.api = FakeNombaApi(self.clock, admission=self.gate)
        self.target = Target(
            practice(), "7d1f0c52-0b5e-4a51-9a53-2f6a4f0f9b11", "2a4c6e80-1111-4222-8333-944455566677"
        )
        self.secret = Secret("s" * 86 + "==")
        self.session = SessionId(self.target.environment.host, self.target.client_id)
        self.api.add(self.target, self.secret)

    def lose_reply(self, what: str) -> None:
        self.api.lose_reply(what)

    def hold(self, what: str) -> Callable[[], bool]:
        held = asyncio.Event()

        async def wait() -> None:
            held.set()
            await asyncio.Event().wait()

        self.api.before[what].append(wait)
        return held.is_set

    def sign_in_elsewhere(self) -> None:
        self.api.sign_in_elsewhere(self.session)

    def suspend(self) -> None:
        self.api.suspend(self.session)


PATHS = {"issue": "*/issue", "refresh": "*/refresh", "revoke": "*/revoke", "probe": "/v1/accounts/parent"}


class PracticeRig:
    def __init__(self, server: PracticeServer) -> None:
        key = next(key for key in sample_keys() if key.state == "active" and key.role == "Admin")
        server.world.add_key(key)
        self._server, self._client_id = server, key.client_id
        self.clock = SystemClock()
        self.gate = OpenGate()
        self.api = HttpxNombaApi(self.gate, self.clock)
        self.target = Target(practice(server.url), key.account_id, key.client_id)
        self.secret = Secret(key.client_secret)

    def _inject(self, kind: FaultKind, what: str, gate: str | None = None) -> None:
        self._server.world.inject(Fault(kind, path=PATHS[what], gate=gate))

    def lose_reply(self, what: str) -> None:
        self._inject("lose_reply", what)

    def hold(self, what: str) -> Callable[[], bool]:
        self._inject("hold_before", what, gate="contract")
        return lambda: not self._server.world.faults()  # it has struck

    def sign_in_elsewhere(self) -> None:
        self._server.world.sign_in_elsewhere(self._client_id)

    def suspend(self) -> None:
        self._server.world.suspend_key(self._client_id)


class NombaApiContract:
    async def test_a_grant_opens_a_session(self, rig: Rig) -> None:
        asked = rig.clock.now()
        grant = await rig.api.issue(rig.target, rig.secret)
        assert grant.refresh is not None
        ends = parse_expires_at(grant.expires_at)
        assert ends is not None
        assert 1700 < ends - asked < 1900
        assert asked <= grant.sent_at <= grant.received_at <= rig.clock.now()
        assert grant.offset == 0.0
        probed = await rig.api.probe(rig.target, grant.access)
        assert (probed.status, probed.summary["status"]) == (200, "ACTIVE")

    @pytest.mark.parametrize("secret", ["", "wrong", " "])
    async def test_a_wrong_secret(self, rig: Rig, secret: str) -> None:
        with pytest.raises((BadCredentials, BadRequest)) as caught:
            await rig.api.issue(rig.target, Secret(secret))
        assert caught.value.fate is Fate.NOT_HANDLED

    async def test_an_unknown_client(self, rig: Rig) -> None:
        stranger = Target(
            rig.target.environment, rig.target.account_id, "00000000-1111-4222-8333-944455566677"
        )
        with pytest.raises(BadCredentials):
            await rig.api.issue(stranger, rig.secret)

    async def test_another_sign_in_ends_the_session_before(self, rig: Rig) -> None:
        first = await rig.api.issue(rig.target, rig.secret)
        second = await rig.api.issue(rig.target, rig.secret)
        with pytest.raises(TokenRefused) as caught:
            await rig.api.probe(rig.target, first.access)
        assert caught.value.fate is Fate.NOT_HANDLED
        await rig.api.probe(rig.target, second.access)
        rig.sign_in_elsewhere()
        with pytest.raises(TokenRefused):
            await rig.api.probe(rig.target, second.access)

    async def test_a_refresh_replaces_both_tokens(self, rig: Rig) -> None:
        first = await rig.api.issue(rig.target, rig.secret)
        assert first.refresh is not None
        second = await rig.api.refresh(rig.target, first.access, first.refresh)
        assert second.refresh is not None
        assert second.access != first.access
        assert second.refresh != first.refresh
        await rig.api.probe(rig.target, second.access)
        with pytest.raises(TokenRefused):
            await rig.api.probe(rig.target, first.access)
        with pytest.raises(TokenRefused, match="refresh token"):
            await rig.api.refresh(rig.target, first.access, first.refresh)

    async def test_a_revocation_ends_the_session_and_may_be_repeated(self, rig: Rig) -> None:
        grant = await rig.api.issue(rig.target, rig.secret)
        assert grant.refresh is not None
        await rig.api.revoke(rig.target, grant.access)
        await rig.api.revoke(rig.target, grant.access)
        with pytest.raises(TokenRefused):
            await rig.api.probe(rig.target, grant.access)
        with pytest.raises(TokenRefused):
            await rig.api.refresh(rig.target, grant.access, grant.refresh)

    async def test_a_probe_without_a_token(self, rig: Rig) -> None:
        with pytest.raises(TokenRefused):
            await rig.api.probe(rig.target, None)

    @pytest.mark.parametrize(
        "path", ["/v1/transfers/banks", "/v1/accounts?limit=1", "/v1/transactions/accounts"]
    )
    async def test_other_probes(self, rig: Rig, path: str) -> None:
        grant = await rig.api.issue(rig.target, rig.secret)
        assert (await rig.api.probe(rig.target, grant.access, path=path)).status == 200

    async def test_a_path_that_is_no_harmless_read(self, rig: Rig) -> None:
        with pytest.raises(ValueError, match="harmless"):
            await rig.api.probe(rig.target, None, path="/v2/transfers/bank")
        assert rig.gate.admitted == []

    async def test_a_suspended_key(self, rig: Rig) -> None:
        grant = await rig.api.issue(rig.target, rig.secret)
        rig.suspend()
        with pytest.raises(BadCredentials, match="403"):
            await rig.api.issue(rig.target, rig.secret)
        with pytest.raises(Forbidden):
            await rig.api.probe(rig.target, grant.access)

    async def test_what_can_not_be_sent(self, rig: Rig) -> None:
        odd = Target(rig.target.environment, "a b", rig.target.client_id)
        with pytest.raises(BadRequest, match="account ID"):
            await rig.api.issue(odd, rig.secret)
        with pytest.raises(BadRequest, match="access token"):
            await rig.api.probe(rig.target, Secret("a\nb"))
        assert rig.gate.admitted == []

    async def test_the_hook_runs_once_and_can_stop_the_call(self, rig: Rig) -> None:
        grant = await rig.api.issue(rig.target, rig.secret)
        assert grant.refresh is not None
        ran: list[int] = []

        async def count() -> None:
            ran.append(len(rig.gate.admitted))

        async def stop() -> None:
            raise LookupError("stop")

        for hook in (stop, count):
            calls = [
                rig.api.refresh(rig.target, grant.access, grant.refresh, before_send=hook),
                rig.api.issue(rig.target, rig.secret, before_send=hook),
            ]
            for call in calls:
                if hook is stop:
                    with pytest.raises(LookupError):
                        await call
                else:
                    await call
            if hook is stop:
                await rig.api.probe(rig.target, grant.access)  # the session is untouched
        assert ran == [5, 6]

    async def test_every_call_asks_the_gate_and_tells_it_once(self, rig: Rig) -> None:
        grant = await rig.api.issue(rig.target, rig.secret)
        await rig.api.probe(rig.target, grant.access, priority=Priority.SIGN_IN)
        await rig.api.revoke(rig.target, grant.access)
        with pytest.raises(TokenRefused):
            await rig.api.refresh(rig.target, grant.access, Secret("r" * 39))
        lane = rig.target.lane
        reads = Lane(lane.host, lane.account_id, "GET")
        assert rig.gate.admitted == [
            (lane, Priority.SIGN_IN),
            (reads, Priority.SIGN_IN),
            (lane, Priority.CUT_OFF),
            (lane, Priority.REFRESH),
        ]
        assert [told[0] for told in rig.gate.learned] == [lane, reads, lane, lane]

    async def test_a_lost_reply(self, rig: Rig) -> None:
        first = await rig.api.issue(rig.target, rig.secret)
        assert first.refresh is not None
        rig.lose_reply("refresh")
        with pytest.raises(ConnectionBroke) as caught:
            await rig.api.refresh(rig.target, first.access, first.refresh)
        assert caught.value.fate is Fate.UNKNOWN
        with pytest.raises(TokenRefused):  # it was handled all the same
            await rig.api.probe(rig.target, first.access)
        assert len(rig.gate.admitted) == len(rig.gate.learned) == 3

    async def test_cancelling_a_call_under_way(self, rig: Rig) -> None:
        held = rig.hold("issue")
        call = asyncio.ensure_future(rig.api.issue(rig.target, rig.secret))
        await wait_until(held)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert len(rig.gate.learned) == 1
        await rig.api.issue(rig.target, rig.secret)

    async def test_nothing_is_sent_after_closing(self, rig: Rig) -> None:
        await rig.api.aclose()
        await rig.api.aclose()
        with pytest.raises(Offline, match="closing") as caught:
            await rig.api.issue(rig.target, rig.secret)
        assert caught.value.fate is Fate.NOT_HANDLED


class TestFake(NombaApiContract):
    @pytest.fixture
    def rig(self) -> Rig:
        return FakeRig()

    async def test_where_probes_answer_without_a_token(self) -> None:
        sandbox = Environment("s", "S", "https://sandbox.test", answers_without_token=True)
        api = FakeNombaApi(ManualClock())
        assert (await api.probe(Target(sandbox, "a", "c"), None)).status == 200

    async def test_a_token_ends(self) -> None:
        rig = FakeRig()
        grant = await rig.api.issue(rig.target, rig.secret)
        assert rig.api.lives(rig.session, grant.access)
        await rig.clock.advance(1800)
        assert not rig.api.lives(rig.session, grant.access)
        with pytest.raises(TokenRefused):
            await rig.api.probe(rig.target, grant.access)
        assert grant.refresh is not None
        await rig.api.refresh(rig.target, grant.access, grant.refresh)
        assert [call.what for call in rig.api.calls] == ["issue", "probe", "refresh"]
        assert rig.api.sent("issue") == 1


class TestHttpx(NombaApiContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[Rig]:
        with PracticeServer(switches=Switches(rate_limit="off")) as server:
            rig = PracticeRig(server)
            yield rig
            await rig.api.aclose()
