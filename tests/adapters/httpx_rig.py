"""A loopback server that answers with whatever bytes a test wants, certificates for it, and a CONNECT proxy."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nomba_desktop.adapters.httpx_nomba import HttpxNombaApi
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.domain.environments import Environment
from nomba_desktop.domain.limits import Lane, Priority, RateHeaders
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.ports import Target

ACCOUNT = "7d1f0c52-0b5e-4a51-9a53-2f6a4f0f9b11"
CLIENT = "2a4c6e80-1111-4222-8333-944455566677"
CLIENT_SECRET = "s3cr3t-client+" + "Kx7/" * 18 + "=="
ACCESS = "eyJhbGciOiJIUzI1NiJ9." + "QWNjZXNz" * 40 + ".c2lnbmF0dXJl"
REFRESH = "01k0abcdefghjkmnpqrstvwxyz1752000000000"
NEW_ACCESS = "eyJhbGciOiJIUzI1NiJ9." + "TmV3VG9r" * 40 + ".bmV3c2ln"
NEW_REFRESH = "01k0zzzzzzghjkmnpqrstvwxyz1752000009999"
SECRETS = (CLIENT_SECRET, ACCESS, REFRESH, NEW_ACCESS, NEW_REFRESH)
TOKENS = {"access_token": NEW_ACCESS, "refresh_token": NEW_REFRESH, "expiresAt": "2026-11-21T21:00:00Z"}


@dataclass
class Seen:
    """One request as it arrived; header names as sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def fields(self) -> Any:
        return json.loads(self.body)


def http(status: int = 200, body: bytes | object = b"", *, reason: str = "OK", **headers: str) -> bytes:
    """The bytes of an answer; `body` that is not bytes goes as JSON. Header names with `_` for `-`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"content-type": "application/json", "content-length": str(len(content))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"HTTP/1.1 {status} {reason}\r\n{head}\r\n".encode("latin-1") + content


def envelope(code: object = "00", data: object = None, description: str = "Success") -> dict[str, object]:
    return {"code": code, "description": description, "data": data}


Answer = bytes | Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawServer:
    """Answers each request with the next of `answers`, the last one for ever; bytes, or a coroutine that writes."""

    answers: list[Answer]
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    url: str = ""
    port: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (seen := await self.read(reader)) is not None:
                self.seen.append(seen)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(seen, writer)
                if writer.is_closing():
                    return
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @staticmethod
    async def read(reader: asyncio.StreamReader) -> Seen | None:
        head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
        if not head:
            return None
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        size = {name.lower(): value for name, value in headers.items()}.get("content-length", "0")
        return Seen(method, target, headers, await reader.readexactly(int(size)))


@contextlib.asynccontextmanager
async def listening(handle: Any, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve on a free loopback port; at the end every connection's task is over."""
    tasks: set[asyncio.Task[None]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):
            await handle(reader, writer)

    server = await asyncio.start_server(tracked, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def raw_server(*answers: Answer, context: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    server = RawServer(list(answers))
    async with listening(server.handle, context) as port:
        server.port, server.url = port, f"{'https' if context else 'http'}://127.0.0.1:{port}"
        yield server


@dataclass
class OpenGate:
    """`Admission` that lets everything through and keeps what it was told."""

    admitted: list[tuple[Lane, Priority]] = field(default_factory=list)
    learned: list[tuple[Lane, RateHeaders | None, float | None]] = field(default_factory=list)

    async def admit(self, lane: Lane, priority: Priority) -> None:
        self.admitted.append((lane, priority))

    def learn(self, lane: Lane, headers: RateHeaders | None, retry_after: float | None) -> None:
        self.learned.append((lane, headers, retry_after))


def target(url: str, account: str = ACCOUNT) -> Target:
    return Target(Environment("test", "Test", url), account, CLIENT)


@contextlib.asynccontextmanager
async def api(gate: OpenGate | None = None, **options: Any) -> AsyncIterator[HttpxNombaApi]:
    adapter = HttpxNombaApi(gate or OpenGate(), SystemClock(), **options)
    try:
        yield adapter
    finally:
        await adapter.aclose()


Call = Callable[[HttpxNombaApi, Target], Awaitable[object]]
CALLS: dict[str, Call] = {
    "issue": lambda door, at: door.issue(at, Secret(CLIENT_SECRET)),
    "refresh": lambda door, at: door.refresh(at, Secret(ACCESS), Secret(REFRESH)),
    "revoke": lambda door, at: door.revoke(at, Secret(ACCESS)),
    "probe": lambda door, at: door.probe(at, Secret(ACCESS)),
}


class Authority:
    """A certificate authority of one test, and the certificates it makes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
        self._serial = 0
        cert = self._sign(self._name, self._key.public_key(), ca=True, names=[])
        self.pem = folder / "ca.pem"
        self.pem.write_bytes(cert.public_bytes(serialization.Encoding.PEM))

    def context(self, *names: str, days: int = 1) -> ssl.SSLContext:
        """A server's context with a certificate for these names; `days` below zero: it has ended."""
        self._serial += 1
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        cert = self._sign(subject, key.public_key(), ca=False, names=list(names), days=days)
        pem = self._folder / f"server{self._serial}.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + cert.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context

    def _sign(
        self, subject: x509.Name, public: Any, *, ca: bool, names: list[str], days: int = 1
    ) -> x509.Certificate:
        now = dt.datetime.fromtimestamp(SystemClock().now(), dt.UTC)
        day = dt.timedelta(days=1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 9 * day)
            .not_valid_after(now + days * day)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if ca:
            usage = x509.KeyUsage(
                digital_signature=True, content_commitment=False, key_encipherment=False, key_agreement=False,
                data_encipherment=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
            )  # fmt: skip
            builder = builder.add_extension(usage, critical=True)
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_alt(name) for name in names]), False
            )
        return builder.sign(self._key, hashes.SHA256())


def _alt(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass
class ConnectProxy:
    """A proxy that connects every CONNECT to one port of this computer, or refuses with `status`."""

    to: int
    status: int = 200
    heads: list[str] = field(default_factory=list)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
            if self.status != 200:
                writer.write(f"HTTP/1.1 {self.status} {CLIENT_SECRET}\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
            finally:
                far_writer.close()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
