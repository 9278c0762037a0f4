"""The settings file: small, whole, and clear about its mistakes."""
# ruff: noqa: ASYNC240 - the tests look at files of a few bytes

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nomba_desktop.adapters.toml_settings import TomlSettings
from nomba_desktop.domain.errors import SettingsInvalid, StoreUnavailable
from nomba_desktop.domain.settings import DEFAULTS, Settings, Theme
from tests.support.virtual_time import InlineExecutor

if TYPE_CHECKING:
    from pathlib import Path

CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBfTCCASOgAwIBAgIUE5YXW0mV8o7kq0n0m0o0
-----END CERTIFICATE-----
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.toml"


@pytest.fixture
def file(path: Path) -> TomlSettings:
    path.parent.mkdir()
    return TomlSettings(path, InlineExecutor())


async def test_only_what_differs_is_written(file: TomlSettings, path: Path) -> None:
    await file.save(Settings(theme=Theme.DARK, probe_every=600))
    assert path.read_text() == 'theme = "dark"\nprobe_every = 600\n'
    await file.save(DEFAULTS)
    assert path.read_text() == ""


async def test_the_file_is_private_and_whole(file: TomlSettings, path: Path) -> None:
    before = os.umask(0)
    try:
        await file.save(Settings(reduce_motion=True))
    finally:
        os.umask(before)
    assert [(f.name, stat.S_IMODE(f.stat().st_mode)) for f in path.parent.iterdir()] == [
        ("settings.toml", 0o600)
    ]
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_what_it_does_not_know_is_kept_and_named(file: TomlSettings, path: Path) -> None:
    path.write_text('colour = "red"\ntheme = "light"\n[later]\ndeep = { a = [1, 2.5] }\n')
    assert await file.load() == Settings(theme=Theme.LIGHT)
    assert file.unknown == ("colour", "later")
    await file.save(Settings(theme=Theme.DARK))
    assert await file.load() == Settings(theme=Theme.DARK)
    assert file.unknown == ("colour", "later")
    assert "deep" in path.read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('theme = "pink"', "Line 1, “theme”: one of 'system', 'light', 'dark'"),
        ("theme = [1]", "“theme”: one of"),
        ("# note\n\nreduce_motion = 1", "Line 3, “reduce_motion”: true or false"),
        ("probe_every = true", "“probe_every”: a whole number"),
        ("probe_every = 5.5", "“probe_every”: a whole number"),
        ("probe_every = 1", "“probe_every”: a number of seconds from 60 to 3600"),
        ("clipboard_clear = 301", "from 5 to 300"),
        ("proxy = 5", "“proxy”: text in quotes"),
        ('proxy = "proxy.example:3128"', "“proxy”: a proxy looks like"),
        ('proxy = "http://proxy.example:99999"', "a proxy looks like"),
        ('proxy = "http://[::1"', "a proxy looks like"),
        ('proxy = "http://proxy.example/path"', "a proxy looks like"),
        ('proxy = "http://me:hunter2@proxy.example:3128"', "leave out user name and password"),
        ('extra_ca = "ca.pem"', "“extra_ca”: name the file with its whole path"),
        ('extra_ca = "/nowhere/ca.pem"', r"the file can't be read \(No such file"),
        ('practice_url = "http://example.com"', "“practice_url”: Plain http"),
        ('practice_url = "https://example.com"', "practice server runs on this computer"),
        ("[theme]\nx = 1", "Line 1, “theme”"),
        ("theme = ", "no TOML.*line 1"),
        ("theme = 'a'\ntheme = 'b'", "no TOML.*line 2"),
    ],
)
async def test_each_mistake_has_its_sentence(file: TomlSettings, path: Path, text: str, said: str) -> None:
    path.write_text(text)
    with pytest.raises(SettingsInvalid, match=said) as raised:
        await file.load()
    assert "hunter2" not in f"{raised.value} {raised.value.details}"
    assert path.read_text() == text


async def test_all_mistakes_are_told_together(file: TomlSettings, path: Path) -> None:
    path.write_text("theme = 1\nprobe_every = 'x'\ndensity = 'compact'\n")
    with pytest.raises(SettingsInvalid, match=r"Line 1, “theme”.*Line 2, “probe_every”"):
        await file.load()


async def test_saving_over_a_mistake_keeps_what_the_file_said(file: TomlSettings, path: Path) -> None:
    text = "# ours\nprobe_every = 'soon'\nproxy = 'http://proxy.example:3128'\n"
    path.write_text(text)
    await file.save(Settings(theme=Theme.DARK))
    assert await file.load() == Settings(theme=Theme.DARK)
    kept = path.with_name("settings.toml.mistaken")
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == (text, 0o600)
    kept.unlink()
    await file.save(DEFAULTS)
    assert not kept.exists()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"#" * 1_000_001])
async def test_what_is_no_settings_file_is_said(file: TomlSettings, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(SettingsInvalid):
        await file.load()
    with pytest.raises(SettingsInvalid):
        await file.save(Settings(theme=Theme.DARK))
    assert path.read_bytes() == content


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_is_settings_or_a_sentence(file: TomlSettings, path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    with contextlib.suppress(SettingsInvalid):
        assert await file.load() == DEFAULTS


async def test_certificates_are_looked_at(file: TomlSettings, path: Path, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(CERTIFICATE)
    with pytest.raises(SettingsInvalid, match="no certificate in PEM form"):
        await file.save(Settings(extra_ca=str(authority)))
    authority.write_bytes(real_certificate())
    await file.save(Settings(extra_ca=str(authority)))
    assert (await file.load()).extra_ca == str(authority)


def real_certificate() -> bytes:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


async def test_a_directory_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    file = TomlSettings(tmp_path / "file" / "settings.toml", InlineExecutor())
    with pytest.raises((StoreUnavailable, SettingsInvalid)):
        await file.save(Settings(theme=Theme.DARK))


async def test_a_file_that_can_not_be_replaced_stays(file: TomlSettings, path: Path) -> None:
    await file.save(Settings(theme=Theme.LIGHT))
    path.with_name("settings.toml.new").mkdir()
    with pytest.raises(StoreUnavailable):
        await file.save(Settings(theme=Theme.DARK))
    assert await file.load() == Settings(theme=Theme.LIGHT)
