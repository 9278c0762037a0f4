"""Which gestures ask first (level 2), and in which words."""

from __future__ import annotations

import enum
from typing import assert_never

from nomba_desktop.domain.keys import ApiKey, SharedUse
from nomba_desktop.ui.derive.confirm import (
    ConfirmProps,
    confirm_refresh,
    confirm_sign_in,
    confirm_sign_out,
    confirm_stop_refresh,
)


class Gesture(enum.Enum):
    """What changes a session or its renewal."""

    SIGN_IN = "sign_in"
    REFRESH = "refresh"
    SIGN_OUT = "sign_out"
    START_REFRESH = "start_refresh"
    STOP_REFRESH = "stop_refresh"


class CutOffGesture(enum.Enum):
    """What cuts a key off, brings it back, or goes on with a cut-off."""

    SUSPEND = "suspend"
    RESUME = "resume"
    REVOKE = "revoke"
    FINISH = "finish"


def question_for(gesture: Gesture, key: ApiKey) -> ConfirmProps | None:
    """The question to ask before a gesture; None where none is asked.

    Where only this team uses the key nothing is asked but before automatic refresh stops.
    """
    shared = key.shared_use is SharedUse.YES_OR_NOT_SURE
    match gesture:
        case Gesture.SIGN_IN:
            return confirm_sign_in(key.name) if shared else None
        case Gesture.REFRESH:
            return confirm_refresh(key.name) if shared else None
        case Gesture.SIGN_OUT:
            return confirm_sign_out(key.name) if shared else None
        case Gesture.STOP_REFRESH:
            return confirm_stop_refresh(key.name)
        case Gesture.START_REFRESH:
            return _start(key.name) if shared else None
        case _:
            assert_never(gesture)


def _start(name: str) -> ConfirmProps:
    return ConfirmProps(
        f"Refresh “{name}” by itself?",
        "A server may be using this key, and Nomba keeps one live session for it. With every refresh programs "
        "holding the present token get 401 until they sign in again.",
        "Refresh by itself",
    )
