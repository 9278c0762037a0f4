"""A sealed record opens where and as what it was sealed, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.domain.errors import SealBroken
from nomba_desktop.domain.secret import Secret

KEY = bytes(range(32))
BOUND: dict = {
    "host": "h.example",
    "client_id": "c",
    "kind": "session",
    "schema": 1,
    "generation": 7,
    "revision": 9,
}
CHANGES = {
    "host": "h.exampl",
    "client_id": "ec",
    "kind": "other",
    "schema": 2,
    "generation": 8,
    "revision": 10,
}


@given(st.binary(max_size=2000))
def test_it_opens_again(plain: bytes) -> None:
    sealer = Sealer(KEY)
    assert sealer.open(sealer.seal(plain, **BOUND), **BOUND) == plain


def test_each_seal_has_a_fresh_nonce() -> None:
    sealer = Sealer(KEY)
    sealed = {sealer.seal(b"same", **BOUND) for _ in range(200)}
    assert len({blob[1:13] for blob in sealed}) == 200


@pytest.mark.parametrize("name", CHANGES)
def test_every_binding_counts(name: str) -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal(b"plain", **BOUND)
    with pytest.raises(SealBroken):
        sealer.open(sealed, **{**BOUND, name: CHANGES[name]})


def test_bindings_are_not_run_together() -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal(b"plain", **{**BOUND, "host": "ab", "client_id": "c"})
    with pytest.raises(SealBroken):
        sealer.open(sealed, **{**BOUND, "host": "a", "client_id": "bc"})
    sealed = sealer.seal(b"plain", **{**BOUND, "schema": 1, "generation": 11})
    with pytest.raises(SealBroken):
        sealer.open(sealed, **{**BOUND, "schema": 11, "generation": 1})


@given(st.data())
def test_every_changed_bit_is_noticed(data: st.DataObject) -> None:
    sealer = Sealer(KEY)
    sealed = bytearray(sealer.seal(b"plain", **BOUND))
    at = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[at // 8] ^= 1 << at % 8
    with pytest.raises(SealBroken):
        sealer.open(bytes(sealed), **BOUND)


@pytest.mark.parametrize("length", [0, 1, 12, 13, 20, 28])
def test_a_cut_seal_is_broken(length: int) -> None:
    sealer = Sealer(KEY)
    with pytest.raises(SealBroken):
        sealer.open(sealer.seal(b"plain", **BOUND)[:length], **BOUND)


def test_another_key_does_not_open() -> None:
    with pytest.raises(SealBroken, match="another keyring"):
        Sealer(b"x" * 32).open(Sealer(KEY).seal(b"plain", **BOUND), **BOUND)


def test_a_key_of_another_length_is_a_defect() -> None:
    with pytest.raises(ValueError):
        Sealer(b"short")


def test_fingerprints_tell_secrets_apart_and_nothing_else() -> None:
    sealer = Sealer(KEY)
    first, second = sealer.fingerprint(Secret("a-secret")), sealer.fingerprint(Secret("b-secret"))
    assert first == sealer.fingerprint(Secret("a-secret"))
    assert first != second
    assert len(first) == 12
    assert first != Sealer(b"x" * 32).fingerprint(Secret("a-secret"))
