"""The connection of a team of desktops to its Valkey or Redis: one place for deadlines, credentials and errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.connection import BlockingConnectionPool, Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, RedisError

from nomba_desktop.adapters import redis_scripts as scripts
from nomba_desktop.adapters.redis_rows import TeamSealer
from nomba_desktop.domain.errors import TeamCacheAway
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.ports import Chance

_REFUSED = (AuthenticationError, AuthorizationError, NoPermissionError)


@dataclass(frozen=True, slots=True)
class TeamAddress:
    """Where the team's server is and who we are there (ACL). Certificates are checked against `ca_file`, or against
    the system's where it is empty; plain TCP is for a loopback or a tunnel."""

    host: str
    port: int = 6379
    username: str = ""
    password: Secret | None = None
    tls: bool = True
    ca_file: str = ""


class _Credentials(CredentialProvider):
    """The password is taken out of its `Secret` when a connection logs in, and kept nowhere else."""

    def __init__(self, address: TeamAddress) -> None:
        self._address = address

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        password = self._address.password.reveal() if self._address.password is not None else ""
        return (self._address.username, password) if self._address.username else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        return self.get_credentials()


@contextmanager
def _mapped() -> Iterator[None]:
    """`TeamCacheAway` in place of foreign errors. Their words may quote commands: only their type is told.

    The client can lose a cancellation that comes while it looks at an idle connection: it is raised here after all.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    told: TeamCacheAway | None = None
    try:
        yield
    except _REFUSED as error:
        sentence = "The team cache refused this desktop's name or password."
        told = TeamCacheAway(sentence, details=type(error).__name__)
    except (RedisError, OSError, TimeoutError) as error:
        sentence = "The team cache did not answer: nothing is signed in or renewed meanwhile."
        told = TeamCacheAway(sentence, details=type(error).__name__)
    if task and task.cancelling() > before:
        raise asyncio.CancelledError
    if told is not None:
        raise told


class TeamConnection:
    """Runs the scripts for one team. Every call raises `TeamCacheAway` or, with the wrong team key, `SealBroken`.

    `team` is the team's public random id; `sealer` holds its key. `deadline` bounds each answer and each connecting,
    in seconds. Nothing is sent twice by itself: a write whose answer was lost may have been done.

    `alone`: the person chose to go on without the team; ends when the server answers the follower again.
    """

    def __init__(
        self, address: TeamAddress, team: str, sealer: TeamSealer, chance: Chance, *, deadline: float = 2.0
    ) -> None:
        self._team, self.sealer, self._chance, self._deadline = team, sealer, chance, deadline
        self.alone = False
        self._epoch = ""
        options: dict[str, Any] = {
            "host": address.host,
            "port": address.port,
            "socket_timeout": deadline,
            "socket_connect_timeout": deadline,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
            "driver_info": None,
            "connection_class": Connection,
        }
        if address.tls:
            options |= {"connection_class": SSLConnection, "ssl_ca_certs": address.ca_file or None}
        if address.password is not None:
            options["credential_provider"] = _Credentials(address)
        self._pool = BlockingConnectionPool(max_connections=4, timeout=5 * deadline, **options)
        self._client: Redis = Redis(connection_pool=self._pool)
        # The subscription has a connection of its own: it is busy all the time.
        self._listening: Redis = Redis(connection_pool=BlockingConnectionPool(max_connections=1, **options))
        self._scripts = {
            text: self._client.register_script(text)
            for text in (
                scripts.READ,
                scripts.WRITE,
                scripts.ACQUIRE,
                scripts.EXTEND,
                scripts.RELEASE,
                scripts.RENEW_EPOCH,
            )
        }

    # -- names -------------------------------------------------------------------------------------------------------

    @property
    def epoch(self) -> str:
        """The store's epoch as last seen, its proof checked; empty before the first answer."""
        return self._epoch

    @property
    def channel(self) -> str:
        """Where changes are told: `s:<id>:<revision>`, `l:<id>` (lock free), `e:<epoch>`."""
        return self.name("c")

    def name(self, kind: str, session: str = "") -> str:
        """A key of this team; all of them hash to one slot of a cluster."""
        return f"nomba:{{{self._team}}}:{kind}" + (f":{session}" if session else "")

    # -- calls -------------------------------------------------------------------------------------------------------

    async def run(
        self, script: str, keys: Sequence[str], *args: str | int | bytes
    ) -> tuple[str, Sequence[Any]]:
        """Run a script that looks at the epoch; returns the epoch and the rest of the answer.

        `keys` and `args` are those after the ones every script has.
        """
        fresh = self._chance.token()
        all_args = (self.channel, fresh, self.sealer.proof(self._team, fresh), *args)
        answer = await self._call(script, (self.name("e"), *keys), all_args)
        if script == scripts.WRITE:
            self._learn(answer[1], answer[2])
            return self._epoch, (answer[0], *answer[3:])
        self._learn(answer[0], answer[1])
        return self._epoch, answer[2:]

    async def extend(self, keys: Sequence[str], *args: str | int | bytes) -> bool:
        """`EXTEND`: whether the lease runs on."""
        fresh = self._chance.token()
        all_args = (self.channel, fresh, self.sealer.proof(self._team, fresh), *args)
        return bool(await self._call(scripts.EXTEND, (self.name("e"), *keys), all_args))

    async def release(self, keys: Sequence[str], number: int, session: str) -> None:
        """`RELEASE`: free the lease if it is still the one with this number."""
        await self._call(scripts.RELEASE, keys, (self.channel, number, session))

    async def check(self) -> str:
        """The store's epoch now, its proof checked."""
        epoch, _ = await self.run(scripts.READ, ())
        return epoch

    async def renew_epoch(self, epoch: str) -> str:
        """End an epoch in which the store went back; returns the one that stands now."""
        renewed, _ = await self.run(scripts.RENEW_EPOCH, (), epoch)
        return renewed

    async def _call(self, script: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
        with _mapped():
            async with asyncio.timeout(4 * self._deadline):
                return await self._scripts[script](keys=keys, args=args)

    def _learn(self, epoch: bytes, proof: bytes) -> None:
        """Raises `SealBroken` when the epoch was made under another team key than ours."""
        name = epoch.decode("ascii", "replace")
        if name == self._epoch:
            return
        self.sealer.check(proof, self._team, name)
        self._epoch = name

    # -- the subscription --------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def subscription(self) -> AsyncIterator[AsyncIterator[str | None]]:
        """Messages of the channel as they come; None when `deadline` passed in silence and the server is there.

        Entering returns when the subscription stands: what is changed after that is told.
        """
        pubsub: PubSub = self._listening.pubsub()
        try:
            with _mapped():
                async with asyncio.timeout(4 * self._deadline):
                    await pubsub.subscribe(self.channel)
                    await pubsub.get_message(timeout=self._deadline)
            yield self._messages(pubsub)
        finally:
            with suppress(TeamCacheAway), _mapped():  # it may be broken already
                await pubsub.aclose()  # type: ignore[no-untyped-call]

    async def _messages(self, pubsub: PubSub) -> AsyncIterator[str | None]:
        asked = False
        while True:
            with _mapped():
                message = await pubsub.get_message(timeout=self._deadline)
                if message is None:
                    if asked:
                        raise TimeoutError
                    await pubsub.ping()
            asked = message is None
            if message is None or message["type"] == "pong":
                yield None
            elif message["type"] == "message":
                yield message["data"].decode("ascii", "replace")

    async def aclose(self) -> None:
        """Close every connection."""
        for client in (self._client, self._listening):
            with suppress(TeamCacheAway), _mapped():  # it may be broken already
                await client.aclose(close_connection_pool=True)
                await client.connection_pool.aclose()
