"""The read probes (facts 5): harmless calls, one permission each. All values are invented."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nomba_desktop.practice.call import Call, check_permission
from nomba_desktop.practice.envelopes import Answer, RefusedError, invalid, success
from nomba_desktop.practice.keys import Permission
from nomba_desktop.practice.world import PracticeWorld

STUB_ACCOUNT = "7d1f0c52-0b5e-4a51-9a53-2f6a4f0f9b11"
"""Whose data an answer without a token shows."""

_PAGE_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Ask:
    """A probe that passed the checks, and the account it is about."""

    world: PracticeWorld
    call: Call
    account_id: str


Data = Callable[[Ask], Any]
"""Makes the ``data`` of an answer."""


def probe(permission: Permission, data: Data) -> Callable[[PracticeWorld, Call], Answer]:
    """A handler that checks token and permission and answers with ``data``."""

    def handle(world: PracticeWorld, call: Call) -> Answer:
        if world.switches.probes_without_token and "authorization" not in call.headers:
            account_id = STUB_ACCOUNT
        else:
            account_id = check_permission(world, call, permission).account_id
        return success(world.switches, data(Ask(world, call, account_id)))

    return handle


def _parent(ask: Ask) -> Any:
    return {
        "accountId": ask.account_id,
        "accountHolderId": "b6b3a1de-2f44-4c55-8a77-5d20c4e7f001",
        "accountRef": "practice-parent",
        "accountName": "Practice Merchant Ltd",
        "bvn": "22200000000",
        "status": "ACTIVE",
        "type": "outlet",
        "currency": "NGN",
        "createdAt": "2025-03-14T09:26:53.900Z",
        "banks": [
            {
                "bankAccountNumber": "9900112233",
                "bankName": "Practice Bank",
                "bankAccountName": "Practice Merchant Ltd",
            }
        ],
    }


def _balance(ask: Ask) -> Any:
    now = datetime.fromtimestamp(ask.world.now() + ask.world.switches.clock_skew, UTC)
    return {"amount": "281946.0", "currency": "NGN", "timeCreated": now.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _paged(rows: Callable[[str], list[dict[str, Any]]]) -> Data:
    def data(ask: Ask) -> Any:
        every = rows(ask.account_id)
        limit = _number(ask, "limit", _PAGE_LIMIT, low=1)
        start = _number(ask, "cursor", 0, low=0, high=len(every))
        end = start + limit
        return {"results": every[start:end], "cursor": str(end) if end < len(every) else ""}

    return data


def _number(ask: Ask, name: str, default: int, *, low: int, high: int = _PAGE_LIMIT) -> int:
    text = ask.call.query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 6 and low <= int(text) <= high):
        raise RefusedError(invalid(f"{name} is not valid.", ask.world.switches))
    return int(text)


def _accounts(account_id: str) -> list[dict[str, Any]]:
    return [
        {
            "accountId": f"c0ffee0{n}-0000-4000-8000-00000000000{n}",
            "accountRef": f"branch-{n}",
            "parentAccountId": account_id,
            "accountName": f"Branch {n}",
            "status": "ACTIVE",
            "type": "virtual",
            "currency": "NGN",
            "createdAt": f"2025-04-0{n}T08:00:00.000Z",
        }
        for n in (1, 2, 3)
    ]


def _transactions(account_id: str) -> list[dict[str, Any]]:
    return [
        {
            "id": f"PRACTICE-TRANSFER-{n}",
            "status": "SUCCESS",
            "amount": f"{n}500.0",
            "fixedCharge": 20.0,
            "source": "api",
            "type": "transfer",
            "currency": "NGN",
            "walletId": account_id,
            "timeCreated": f"2026-11-0{n}T10:15:00.657000Z",
        }
        for n in (3, 2, 1)
    ]


def _terminals(account_id: str) -> list[dict[str, Any]]:
    return [
        {
            "terminalId": f"2KUD000{n}",
            "serialNumber": f"91230000000{n}",
            "accountId": account_id,
            "parentAccountId": account_id,
            "merchantName": "Practice Merchant Ltd",
            "terminalLabel": f"Counter {n}",
            "createdAt": "2025-05-02T11:00:00.000Z",
            "updatedAt": "2026-10-01T11:00:00.000Z",
        }
        for n in (1, 2)
    ]


def _banks(ask: Ask) -> Any:
    names = (
        ("000001", "Practice Bank"),
        ("000002", "Example Microfinance Bank"),
        ("000003", "Sample Trust Bank"),
    )
    banks = [{"code": code, "name": name, "nipCode": f"999{code}", "logo": None} for code, name in names]
    return banks if ask.world.switches.banks_shape == "array" else {"results": banks}


PROBES: dict[str, Callable[[PracticeWorld, Call], Answer]] = {
    "/v1/accounts/parent": probe("accounts:read", _parent),
    "/v1/accounts/balance": probe("accounts:read", _balance),
    "/v1/accounts": probe("accounts:read", _paged(_accounts)),
    "/v1/accounts/terminals": probe("terminals:read", _paged(_terminals)),
    "/v1/transactions/accounts": probe("transactions:read", _paged(_transactions)),
    "/v1/transactions/bank": probe("transactions:read", _paged(_transactions)),
    "/v1/transfers/banks": probe("transfers:read", _banks),
}
"""Read probes by path; all are GET."""
