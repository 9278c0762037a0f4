"""Settings that differ are named; a proxy's password is not shown."""

from __future__ import annotations

import dataclasses

import pytest

from nomba_desktop.domain.environments import normal_base_url
from nomba_desktop.domain.settings import DEFAULTS, Density, Settings, Theme, non_default


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, ()),
        ({"proxy": "http://proxy.example:3128"}, ("proxy",)),
        ({"extra_ca": "/etc/ca.pem"}, ("extra_ca",)),
        ({"practice_url": "http://127.0.0.1:9"}, ("practice_url",)),
        (
            {"practice_url": "http://127.0.0.1:9", "proxy": "x", "extra_ca": "y"},
            ("proxy", "extra_ca", "practice_url"),
        ),
        ({"theme": Theme.DARK, "density": Density.COMPACT, "reduce_motion": True, "probe_every": 0}, ()),
    ],
)
def test_what_matters_for_safety_is_named_when_it_differs(
    changes: dict[str, object], named: tuple[str, ...]
) -> None:
    assert non_default(dataclasses.replace(DEFAULTS, **changes)) == named  # type: ignore[arg-type]


def test_the_defaults() -> None:
    assert Settings() == DEFAULTS
    assert (DEFAULTS.probe_every, DEFAULTS.clipboard_clear) == (300, 30)
    assert not DEFAULTS.proxy
    assert normal_base_url(DEFAULTS.practice_url) == DEFAULTS.practice_url


def test_a_proxy_with_a_password_does_not_show() -> None:
    settings = dataclasses.replace(DEFAULTS, proxy="http://ada:hunter2@proxy.example:3128")
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in "".join(non_default(settings))
