"""What the first call needs: the libraries, quiet logs, and which certificates are trusted."""

from __future__ import annotations

import asyncio
import importlib
import logging
import ssl
import sys

from nomba_desktop.domain.errors import TlsFailed

_LIBRARIES = ("httpx", "httpcore", "anyio", "anyio._backends._asyncio", "truststore")


async def load_libraries() -> None:
    """Import what a call needs, on another thread, so that the window goes on; and keep it quiet.

    At INFO these libraries write every address into the log, at DEBUG every header of an answer.
    """
    if not all(name in sys.modules for name in _LIBRARIES):
        await asyncio.to_thread(_import)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _import() -> None:
    for name in _LIBRARIES:
        importlib.import_module(name)


def trust(extra_ca: str) -> ssl.SSLContext:
    """The operating system's certificates, and those of the PEM file `extra_ca`. Nothing turns the check off.

    Raises `TlsFailed` where the file can't be read.
    """
    import truststore  # noqa: PLC0415

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    readable = True
    if extra_ca:
        try:
            context.load_verify_locations(cafile=extra_ca)
        except (OSError, ValueError):
            readable = False
    if not readable:
        raise TlsFailed("The CA certificate named in Settings can't be read as a PEM file. Nothing was sent.")
    return context
