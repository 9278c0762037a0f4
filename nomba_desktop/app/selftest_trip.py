"""The self-test's journey: the real services on the real adapters against an embedded practice server."""

from __future__ import annotations

import random
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress

from nomba_desktop.adapters.memory_vault import MemoryVault
from nomba_desktop.adapters.toml_settings import TomlSettings
from nomba_desktop.app.core import Core
from nomba_desktop.app.paths import paths_below
from nomba_desktop.app.selftest_bench import Bench, CheckFailed, Facts
from nomba_desktop.app.world import World, http_api, this_process
from nomba_desktop.domain.environments import Environment, practice
from nomba_desktop.domain.errors import TokenRefused
from nomba_desktop.domain.keys import ApiKey, KeyDraft, SharedUse
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.settings import DEFAULTS
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.practice.server import PracticeServer
from nomba_desktop.practice.switches import Switches
from nomba_desktop.services.ports import NombaApi, Target
from nomba_desktop.services.rate_limit import RateLimiter


async def travel(bench: Bench, switches: Switches | None = None) -> Facts:
    """Sign in, probe 200, refresh, probe 200, revoke, probe 401. Secrets stay in memory.

    `switches`: how the practice server behaves, for trying out that a bad server is noticed.
    """
    sample = sample_keys(random.SystemRandom().randrange(2**32))[1]
    with (
        PracticeServer(keys=[sample], switches=switches) as server,
        ThreadPoolExecutor(1, "self-test") as executor,
    ):
        place = practice(server.url)
        core = Core(_world(bench, place, executor))
        api = http_api(bench.clock)(RateLimiter(bench.clock), DEFAULTS)
        try:
            await core.open()
            await _journey(core, api, place, sample)
        finally:
            await core.aclose()
            await api.aclose()
        counted = {kind: server.world.log.count(kind) for kind in ("issue", "refresh", "revoke")}
    # One revocation or two: the token that the refresh replaced may be ended as well.
    if (counted["issue"], counted["refresh"]) != (1, 1) or counted["revoke"] not in (1, 2):
        raise CheckFailed(f"The practice server counted other calls than were made: {counted}.")
    return {"calls": counted}


def _world(bench: Bench, place: Environment, executor: Executor) -> World:
    paths = paths_below(bench.root / "round-trip")
    return World(
        clock=bench.clock,
        chance=bench.chance,
        who=this_process("self-test"),
        paths=paths,
        vault=MemoryVault(bench.clock),
        settings_file=TomlSettings(paths.settings, executor),
        api=http_api(bench.clock),
        environments=lambda _: (place,),
        executor=executor,
    )


async def _journey(core: Core, api: NombaApi, place: Environment, sample: PracticeKey) -> None:
    if core.sessions is None:
        told = "; ".join(notice.sentence for notice in core.state.snapshot.notices)
        raise CheckFailed(f"The services did not open. {told}".strip())
    sessions = core.sessions
    draft = KeyDraft(
        name="Self-test",
        environment_id=place.id,
        account_id=sample.account_id,
        client_id=sample.client_id,
        secret_length=len(sample.client_secret),
        shared_use=SharedUse.ONLY_HERE,
    )
    key = await core.keys.add(draft, Secret(sample.client_secret))
    if not isinstance(key, ApiKey):
        raise CheckFailed(f"The key was not saved: {key[0].sentence}")
    target = Target(place, key.account_id, key.client_id)

    first = await sessions.sign_in(key.id)
    await api.probe(target, first.access)
    second = await sessions.refresh_now(key.id, first.generation)
    if second.generation <= first.generation:
        raise CheckFailed("The refresh brought no new token.")
    await api.probe(target, second.access)
    await _refused(api, target, first.access, "The token before the refresh is still accepted.")
    if not await sessions.sign_out(key.id):
        raise CheckFailed("The practice server did not confirm the sign-out.")
    await _refused(api, target, second.access, "The token is still accepted after the sign-out.")
    if sessions.peek(key.id) is not None:
        raise CheckFailed("A token is left here after the sign-out.")


async def _refused(api: NombaApi, target: Target, access: Secret, otherwise: str) -> None:
    with suppress(TokenRefused):
        await api.probe(target, access)
        raise CheckFailed(otherwise)
