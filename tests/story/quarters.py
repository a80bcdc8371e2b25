"""The demo's company in a quarter: its people, what they sell, and how the story asks.

Shops, units and people are those that `make run` shows, as its ERP states them on the 22nd of
September: twelve agents, and one who went from operations to promotion on the 16th of August. What
they sell is the story's own and comes through the door of ingest, so that every amount can be
counted by hand; so are the schemes, since the demo appraises none of them by the quarter.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx

from sandbox import company
from sandbox.people import MOVER, holders_of
from tests.real.tenants import Tenant, as_array

TODAY = date(2026, 9, 22)
QUARTER = "2026-Q3"
AGENTS = [*holders_of("pre_sales_agent")]
SHOP = "st-hangzhou"
"""The demo's own, on no marketplace: its orders come from the ERP."""
ABOVE = ("e-018", "e-003", "e-005", "e-001")
"""Who leads the agents, whom that one answers to, and the same two of the mover."""
GRADES = [
    {"grade": "A", "from": "90", "coefficient": "1.2"},
    {"grade": "B", "from": "40", "coefficient": "1"},
    {"grade": "C", "from": "0", "coefficient": "0.5"},
]
SHARES = [
    {"grade": "A", "share": "20"}, {"grade": "B", "share": "70"}, {"grade": "C", "share": "10"},
]  # fmt: skip
Meanwhile = Callable[[], Awaitable[None]]
TARGET = {"indicator": "net_sales", "level": "budget", "reason": "as agreed"}
BROKEN_DOWN: list[dict[str, Any]] = [
    {
        "subject": "unit:company", "period": "2026", "into": "quarters",
        "weights": {"2026-Q1": "20", "2026-Q2": "25", QUARTER: "25", "2026-Q4": "30"},
    },
    {"subject": "unit:company", "into": "units", "weights": {"service": "12", "marketing": "1"}},
    {"subject": "unit:service", "into": "units", "weights": {"pre-sales": "1"}},
    {
        "subject": "unit:pre-sales", "into": "months",
        "weights": {"2026-07": "4", "2026-08": "3", "2026-09": "5"},
    },
    {"subject": "unit:pre-sales", "into": "employees", "weights": dict.fromkeys(AGENTS, "1")},
    {"subject": "unit:marketing", "into": "employees", "weights": {MOVER: "1"}},
]  # fmt: skip
"""How 520,000 of the year come to 10,000 of the quarter for each of thirteen people."""
SALES = {
    "code": "sales", "indicator": "net_sales", "weight": "100", "scope": "own",
    "target": {"kind": "set"}, "rule": {"kind": "ratio", "floor": "0", "cap": "120"},
}  # fmt: skip
TEAMWORK = {
    "code": "teamwork", "weight": "100", "missing": "redistribute",
    "rule": {
        "kind": "rating",
        "raters": [{"role": "self", "weight": "20"}, {"role": "manager", "weight": "80"}],
    },
}  # fmt: skip
MARKS = {"self": "90", "manager": "65"}
"""Of everybody, which makes 70: but the ninth is marked down by the manager."""
MARKED_DOWN = "40"


def scheme(rate: str, **changed: Any) -> dict[str, Any]:
    """Sales against their target; a share of them is paid, times what the grade says."""
    return {
        "name": {"zh": "销售", "en": "Sales"},
        "cycle": "quarter",
        "full_mark": "100",
        "sections": [section("sales", "100", SALES)],
        "grades": GRADES,
        "approval": ["manager", "second_level", "hr"],
        "pay": [
            {
                "plan": "commission", "indicator": "net_sales",
                "bands": [{"from": "0", "rate": rate}], "coefficient": "grade",
            },
        ],
        **changed,
    }  # fmt: skip


def section(code: str, weight: str, item: dict[str, Any]) -> dict[str, Any]:
    name = {"zh": code, "en": code}
    return {"code": code, "name": name, "weight": weight, "items": [item]}


def schemes() -> dict[str, dict[str, Any]]:
    """The agents' with what the team thinks of them and 2/7/1, and both of the mover's."""
    forced = {"shares": SHARES, "minimum_population": 10, "tie_breakers": []}
    agents = scheme("0.01", distribution=forced)
    agents["sections"] = [section("sales", "70", SALES), section("team", "30", TEAMWORK)]
    agents["pay"].append({"plan": "grade_bonus", "base": "1000"})
    return {"operations": scheme("0.01"), "traffic": scheme("0.02"), "agent": agents}


POPULATIONS: dict[str, dict[str, Any]] = {
    "traffic": {"position": "promotion_specialist", "employees": [MOVER]},
    "operations": {"position": "operations_specialist", "employees": [MOVER]},
    "agent": {"position": "pre_sales_agent"},
}


def order(who: str, day: str, amount: str, *, modified: str | None = None) -> dict[str, Any]:
    at = f"{day}T10:00:00+08:00"
    return {
        "source": "erp", "id": f"SO-{who}-{day}", "shop": SHOP, "status": "paid",
        "created_at": at, "paid_at": at, "modified_at": modified or at, "salesperson": who,
        "paid_amount": amount,
    }  # fmt: skip


def refund(of: dict[str, Any], day: str, amount: str) -> dict[str, Any]:
    at = f"{day}T10:00:00+08:00"
    return {
        "source": "erp", "id": f"R-{of['id']}-{day}", "order": of["id"], "shop": SHOP,
        "status": "succeeded", "kind": "refund", "amount": amount, "requested_at": at,
        "refunded_at": at, "modified_at": at,
    }  # fmt: skip


def sales() -> list[dict[str, Any]]:
    """The n-th agent sells n thousand of ten; the mover 4,000 before, and 3,000 after the 16th."""
    rows = [order(who, "2026-07-10", f"{place}000") for place, who in enumerate(AGENTS, 1)]
    return [*rows, order(MOVER, "2026-08-15", "4000"), order(MOVER, "2026-08-16", "3000")]


def of(place: int) -> str:
    """The agent who sells so many thousand."""
    return AGENTS[place - 1]


@dataclass
class Quarter:
    """The company, and what HR, its managers and payroll do in it."""

    tenant: Tenant
    answers: int = 0
    pulled: dict[int, list[bytes]] = field(default_factory=dict)

    async def post(self, kind: str, *rows: dict[str, Any]) -> dict[str, int]:
        tally = await self.tenant.post_facts(kind, as_array(list(rows)), "application/json")
        return {name: tally[name] for name in ("created", "updated", "stale") if tally[name]}

    async def cards(self, cycle: str) -> dict[str, Any]:
        page = await self.tenant.get("/v1/scorecards", cycle=cycle)
        return {card["subject"].removeprefix("employee:"): card for card in page["items"]}

    async def move(self, cycle: str, *stages: str, reason: str | None = None) -> Any:
        await self.tenant.move(cycle, *stages, reason=reason)

    async def approve(self, cycle: str) -> None:
        """Each card by its manager, the manager's manager and HR, in this order."""
        for card in (await self.cards(cycle)).values():
            path = f"/v1/scorecards/{card['id']}/reviews"
            for _ in range(3):
                waits_for = (await self.tenant.get(path))["waits_for"]
                role = waits_for or "hr"
                await self.tenant.post(path, {"decision": "approve"}, role=role)

    async def rate(self, who: str, role: str, mark: str) -> None:
        """A mark for somebody's teamwork, by themselves or by who leads the agents."""
        card = (await self.cards("agent"))[who]
        rating = {"item": "teamwork", "role": role, "mark": mark}
        by = who if role == "self" else ABOVE[0]
        await self.tenant.post(f"/v1/scorecards/{card['id']}/ratings", rating, role=by)

    async def late(self) -> dict[str, Any]:
        """The cards that wait, by whose they are."""
        page = await self.tenant.get("/v1/late-facts")
        return {item["subject"].removeprefix("employee:"): item for item in page["items"]}

    async def accept(self, who: str, reason: str) -> None:
        """By HR, and of what is published by the admin as well."""
        case = (await self.late())[who]
        for role in ("hr", "admin") if case["status"] == "published" else ("hr",):
            body = {"decision": "accepted", "reason": reason}
            await self.tenant.post(f"/v1/late-facts/{case['id']}/decision", body, role=role)

    async def page(self, after: int, limit: int, *, cut: bool = False) -> httpx.Response:
        """A page of the feed as payroll reads it; of cut ones every third answer is lost."""
        self.answers += 1
        answer = await self.tenant.api.get(
            "/v1/payroll/entries",
            params={"after": after, "limit": limit},
            headers={"Authorization": f"Bearer {self.tenant.keys['payroll']}"},
        )
        assert answer.status_code == 200, answer.text
        if cut and self.answers % 3 == 0:
            raise httpx.ReadError("the line was cut")
        return answer

    async def pull(self, limit: int, meanwhile: Meanwhile | None = None) -> list[dict[str, Any]]:
        """The whole feed in pages, each asked for until it arrives; `meanwhile` something is
        published.
        """
        items: list[dict[str, Any]] = []
        after = pages = 0
        while True:
            try:
                answer = await self.page(after, limit, cut=True)
            except httpx.ReadError:
                continue
            page = answer.json()
            items += page["items"]
            after = page["next_cursor"]
            pages += 1
            if pages == 1 and meanwhile is not None:
                await meanwhile()
            if not page["items"]:
                return items


async def settle_in(tenant: Tenant) -> Quarter:
    """The demo's shops, units and people, keys of some, a year's target broken down to them, and a
    quarter's three cycles, open.
    """
    await tenant.put("/v1/tenant", company.TENANT)
    await tenant.put("/v1/rates", company.rates(TODAY))
    for noun, rows in (
        ("shops", company.shops()),
        ("units", company.units()),
        ("employees", company.employees(TODAY)),
    ):
        landed = await tenant.post(f"/v1/{noun}/batch", rows)
        assert landed["created"] == len(rows), landed
    for who in (*ABOVE, *AGENTS):
        role = "lead" if who in ABOVE else "employee"
        tenant.keys[who] = (await tenant.post("/v1/keys", {"role": role, "employee": who}))["key"]
    await break_the_year_down(tenant)
    for code, document in schemes().items():
        await tenant.put(f"/v1/schemes/{code}", document)
        await tenant.post(f"/v1/schemes/{code}/publish", None)
    for code, population in POPULATIONS.items():
        cycle = {"code": code, "scheme": code, "period": QUARTER, "population": population}
        await tenant.post("/v1/cycles", cycle)
        await tenant.move(code, "open")
    return Quarter(tenant)


async def break_the_year_down(tenant: Tenant) -> None:
    """A target is set once, for the company's year; what it is broken into sums to the whole."""
    year = {**TARGET, "subject": "unit:company", "period": "2026", "value": "520000"}
    await tenant.put("/v1/targets", [year])
    for wanted in BROKEN_DOWN:
        body = {"indicator": "net_sales", "period": QUARTER, **wanted}
        (level,) = (await tenant.post("/v1/targets/break-down", body))["levels"]
        assert level["difference"] == "0", level
    own = await tenant.get("/v1/targets", subject=f"employee:{MOVER}", period=QUARTER)
    assert [target["value"] for target in own["items"]] == ["10000"]
    months = await tenant.get("/v1/targets", subject="unit:pre-sales")
    assert {target["period"]: target["value"] for target in months["items"]} == {
        QUARTER: "120000", "2026-07": "40000", "2026-08": "30000", "2026-09": "50000",
    }  # fmt: skip
