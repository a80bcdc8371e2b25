"""One chat that a bot closed and a buyer opened again: what the screen shows is what leaves."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import TestDatabase
from tests.real.doors import open_doors
from tests.real.tenants import Tenant, as_array

MONTH, WHO = "2026-10", "employee:e-1"
SCHEME: dict[str, Any] = {
    "name": {"zh": "客服", "en": "Service"},
    "cycle": "month",
    "full_mark": "100",
    "sections": [
        {
            "code": "service",
            "name": {"zh": "服务", "en": "Service"},
            "weight": "100",
            "items": [
                {
                    "code": "response",
                    "indicator": "first_response_seconds",
                    "weight": "100",
                    "scope": "own",
                    "target": {"kind": "fixed", "value": "1000"},
                    "rule": {"kind": "curve", "points": [["0", "100"], ["1000", "0"]]},
                }
            ],
        }
    ],
    "gates": [],
    "adjustments": None,
    "grades": [{"grade": "A", "from": "0", "coefficient": "1"}],
    "distribution": None,
    "approval": [],
    "pay": [{"plan": "grade_bonus", "base": "100"}],
}


def at(text: str) -> str:
    return f"{MONTH}-{text}:00+08:00"


def event(when: str, kind: str, by: str, employee: str | None = None) -> dict[str, Any]:
    return {"at": at(when), "kind": kind, "by": by, "employee": employee}


@pytest.fixture
async def served(fresh_database: TestDatabase, tmp_path: Path) -> AsyncIterator[Tenant]:
    async with open_doors(fresh_database, tmp_path) as doors:
        tenant = await doors.make_tenant("青禾", currency="CNY", timezone="Asia/Shanghai")
        place = {"timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
        await tenant.put("/v1/shops/s-1", {"name": "店", "marketplace": None, **place})
        await tenant.put("/v1/units/service", {"name": "客服部"})
        shops = [{"shop": "s-1", "share": "100"}]
        held = {"position": "agent", "unit": "service", "from": "2026-01-01", "shops": shops}
        await tenant.put("/v1/employees/e-1", {"name": "客服", "assignments": [held]})
        await tenant.put("/v1/schemes/service", SCHEME)
        await tenant.post("/v1/schemes/service/publish", None)
        population = {"position": "agent"}
        cycle = {"code": MONTH, "scheme": "service", "period": MONTH, "population": population}
        await tenant.post("/v1/cycles", cycle)
        await tenant.move(MONTH, "open")
        yield tenant


async def test_requirement_11_600_seconds_for_who_answered_on_screen_and_in_exports(
    served: Tenant,
) -> None:
    """Created Monday 09:00, bot-closed 09:05, reopened Friday 14:00, answered 14:10."""
    chat = {"source": "desk", "id": "c-1", "shop": "s-1", "started_at": at("05T09:00")}
    closed = [event("05T09:00", "message", "bot"), event("05T09:05", "closed", "bot")]
    opened = [
        event("09T14:00", "reopened", "buyer"),
        event("09T14:10", "message", "agent", "e-1"),
    ]
    for modified, events, outcome in (
        ("05T09:05", closed, "created"),
        ("09T14:10", [*closed, *opened], "updated"),
    ):
        row = {**chat, "events": events, "modified_at": at(modified)}
        tally = await served.post_facts("chats", as_array([row]), "application/json")
        assert (tally["rows"], tally[outcome]) == ([], 1)
    # Nothing is left of Monday, whoever the figure is of.
    for subject in (WHO, "shop:s-1", "unit:service"):
        days = await served.series(
            "first_response_seconds", period=MONTH, subject=subject, grain="day"
        )
        timed = {day: value for day, value in days.items() if value is not None}
        assert timed == {f"{MONTH}-09": 600}, subject
    (card,) = (await served.get("/v1/scorecards", cycle=MONTH))["items"]
    assert [(line["value"], line["score"]) for line in card["lines"]] == [("600", "40")]
    await served.move(MONTH, "closed", "review", "approved", "published")
    (card,) = (await served.get("/v1/scorecards", cycle=MONTH))["items"]
    receipt = await served.get(f"/v1/scorecards/{card['id']}/receipt")
    (told,) = receipt["receipt"]["explanation"]["segments"][0]["lines"]
    assert (told["value"], told["source"]["measures"][0]["amount"]) == ("600", "600")
    (entry,) = (await served.get("/v1/payroll/entries", role="payroll"))["items"]
    assert (entry["employee"], entry["total"]) == ("e-1", "40.00")
