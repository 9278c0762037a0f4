"""Which certificates are trusted: the operating system's, and those a person added. Nothing turns the check off."""

from __future__ import annotations

import ssl

from nomba_desktop.domain.errors import TlsFailed


def trust(extra_ca: str) -> ssl.SSLContext:
    """The operating system's certificates, and those of the PEM file `extra_ca`. Raises `TlsFailed`."""
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
