"""The self-test's check of TLS: a stranger's certificate is refused, an added one accepted, and the system has some.

The handshakes run in memory between two ends of this process.
"""

from __future__ import annotations

import datetime as dt
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from nomba_desktop.adapters.httpx_setup import trust
from nomba_desktop.app.selftest_bench import Bench, CheckFailed, Facts

_NAME = "self-test.invalid"
_ROUNDS = 10


def _known_certificates(context: ssl.SSLContext) -> int | None:
    """How many certificates a context that has shaken hands got from the system; None where that isn't counted."""
    if sys.platform in ("win32", "darwin"):
        return None  # the system is asked about each certificate
    inner = getattr(context, "_ctx", None)  # truststore's own context says nothing about what it holds
    if not isinstance(inner, ssl.SSLContext):
        return None
    loaded = inner.cert_store_stats()["x509_ca"]
    folder = ssl.get_default_verify_paths().capath
    return loaded or (len(list(Path(folder).glob("*.[0-9]"))) if folder else 0)


async def trust_store(
    bench: Bench,
    trust: Callable[[str], ssl.SSLContext] = trust,
    count: Callable[[ssl.SSLContext], int | None] = _known_certificates,
) -> Facts:
    """The system's certificates load, and certificates are really checked.

    `trust` makes the context that calls use; `count` says how many certificates one got from the system.
    """
    own = bench.root / "trust"
    own.mkdir()
    certificate, key = _make_certificate(own, bench.clock.now())
    stranger = trust("")
    with suppress(ssl.SSLCertVerificationError):
        _shake_hands(stranger, certificate, key)
        raise CheckFailed("A certificate that nobody vouches for was accepted.")
    _shake_hands(trust(str(certificate)), certificate, key)
    known = count(stranger)
    if known == 0:
        raise CheckFailed("The system's certificate store is empty. On Debian install ca-certificates.")
    return {"certificates": known, "openssl": ssl.OPENSSL_VERSION}


def _make_certificate(folder: Path, now: float) -> tuple[Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    today = dt.datetime.fromtimestamp(now, dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(hours=1))
        .not_valid_after(today + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, key


def _shake_hands(client: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """A TLS handshake in memory. Raises `ssl.SSLCertVerificationError` where the client refuses."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(down, up, server_hostname=_NAME),
        context.wrap_bio(up, down, server_side=True),
    ]
    for _ in range(_ROUNDS):
        for end in tuple(ends):
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
                ends.remove(end)
        if not ends:
            return
    raise CheckFailed("A TLS handshake in memory did not come to an end.")
