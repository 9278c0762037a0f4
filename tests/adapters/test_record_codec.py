"""Every record survives being written and read; nothing else is taken for one."""

from __future__ import annotations

import contextlib
import dataclasses
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.adapters.record_codec import SCHEMA, decode, encode
from nomba_desktop.domain.errors import SealBroken
from nomba_desktop.domain.record import EMPTY, SessionRecord
from nomba_desktop.domain.secret import Secret
from tests.contracts.samples import ACCESS, RICH

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
st.register_type_strategy(Secret, st.builds(Secret, TEXT))
st.register_type_strategy(str, TEXT)
st.register_type_strategy(float, st.floats(allow_nan=False))
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))


@given(st.from_type(SessionRecord))
def test_every_record_comes_back(record: SessionRecord) -> None:
    assert decode(encode(record)) == record


def test_the_sample_differs_from_empty_in_most_fields() -> None:
    same = [f.name for f in dataclasses.fields(RICH) if getattr(RICH, f.name) == getattr(EMPTY, f.name)]
    assert len(same) <= 3, same
    assert decode(encode(RICH)) == RICH
    back = decode(encode(RICH)).tokens
    assert back is not None
    assert isinstance(back.access, Secret)
    assert isinstance(back.refresh, Secret)


def test_a_whole_number_where_a_float_is_meant_is_fine() -> None:
    record = dataclasses.replace(RICH, next_try=130)
    assert decode(encode(record)) == record


def test_missing_fields_have_their_defaults() -> None:
    assert decode(msgspec.msgpack.encode({"generation": 3})) == SessionRecord(generation=3)


@pytest.mark.parametrize("path", [(), ("tokens",), ("superseded", 0), ("failure",)])
def test_unknown_fields_are_refused_at_every_depth(path: tuple[str | int, ...]) -> None:
    told = msgspec.msgpack.decode(encode(RICH))
    place = told
    for step in path:
        place = place[step]
    place["from_the_future"] = 1
    with pytest.raises(SealBroken, match="newer version"):
        decode(msgspec.msgpack.encode(told))


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"\xc1",
        b"[]",
        msgspec.msgpack.encode([1, 2]),
        msgspec.msgpack.encode(None),
        msgspec.msgpack.encode({"generation": "seven"}),
        msgspec.msgpack.encode({"stop": "paused"}),
        msgspec.msgpack.encode({"tokens": {"access": 5, "refresh": None}}),
        msgspec.msgpack.encode({"tokens": {"access": "a"}}),
        encode(RICH)[:-1],
        encode(RICH) + b"\x00",
    ],
)
def test_anything_else_is_refused(plain: bytes) -> None:
    with pytest.raises(SealBroken):
        decode(plain)


def test_a_refusal_quotes_nothing() -> None:
    told = msgspec.msgpack.decode(encode(RICH))
    told["tokens"]["issued_at"] = ACCESS
    with pytest.raises(SealBroken) as raised:
        decode(msgspec.msgpack.encode(told))
    chain = f"{raised.value!r} {raised.value.details} {raised.value.__cause__!r}"
    assert ACCESS not in chain
    assert raised.value.__suppress_context__


@given(st.binary(max_size=300))
def test_noise_is_refused_or_a_record(noise: bytes) -> None:
    with contextlib.suppress(SealBroken):
        assert isinstance(decode(noise), SessionRecord)


def test_another_schema_is_refused() -> None:
    with pytest.raises(SealBroken, match="another version"):
        decode(encode(RICH), SCHEMA + 1)


def test_what_is_no_record_is_a_defect() -> None:
    with pytest.raises(NotImplementedError, match="holds no object"):
        encode(dataclasses.replace(EMPTY, suspect=object()))  # type: ignore[arg-type]


def test_names_are_the_ones_that_are_written() -> None:
    told = msgspec.msgpack.decode(encode(RICH))
    assert set(told) == {field.name for field in dataclasses.fields(SessionRecord)}
    assert all(set(name) <= set(string.ascii_lowercase + "_") for name in told)
