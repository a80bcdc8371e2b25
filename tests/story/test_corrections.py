"""Whatever comes late for what is published, and whatever is decided: payroll owes what counts.

A model of a few lines says which facts count for each person. Every amount, total and grade that
the feed states is held against it after each step.
"""

import asyncio
import hashlib
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import httpx
import structlog
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import text

from services.api.flows.drifts import find_drifts
from services.api.store.cycles import read_cycle
from services.schema.shapes.people import Caller
from services.schema.words import Role
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong
from tests.machines import CORRECTED, Size
from tests.real.doors import Doors, open_doors
from tests.real.tenants import Tenant, as_array
from tests.story.owed import BONUS, GRADES, TARGET, Order, Person, half_up

MONTH, SHOP = "2026-10", "s-1"
PUBLISHED = text("""
SELECT seq, id, document, document_sha256 AS sha256 FROM payouts
UNION ALL
SELECT NULL, id, document, document_sha256 FROM results
ORDER BY seq
""")
ACTS = (
    *("order", "refund", "refund later", "exclude"),
    *("decide", "contest", "contest"),
    *("turn", "turn", "turn"),
)
AGAIN = ("closed", "review", "approved", "published")


class Correcting(RuleBasedStateMachine):
    """Two people whose October is published, and opened again, while facts go on coming."""

    runner: ClassVar[asyncio.Runner]
    doors: ClassVar[Doors]
    tenant: ClassVar[Tenant]
    numbers: ClassVar[Iterator[int]] = itertools.count(1)
    steps: ClassVar[int] = 0
    entries: ClassVar[int] = 0

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    @initialize()
    def begin(self) -> None:
        self.number = next(self.numbers)
        self.cycle = f"oct-{self.number}"
        self.tick = 0
        self.is_open = True
        self.cards: dict[str, str] = {}
        self.owed: dict[str, tuple[Decimal, str, dict[str, Decimal]]] = {}
        self.kept: dict[str, bytes] = {}
        self.people = [Person(f"e-{self.number}-{each}") for each in range(2)]
        self.run(self._engage())
        for person in self.people:
            self._place(person, "700")
        population = {"employees": [each.code for each in self.people]}
        body = {"code": self.cycle, "scheme": "guide", "period": MONTH, "population": population}
        self.run(self._begin(body))
        self._published()

    @rule(
        act=st.sampled_from(ACTS),
        who=st.integers(0, 1),
        which=st.integers(0, 5),
        amount=st.sampled_from(("33.33", "200", "412.345")),
        decisions=st.tuples(*[st.sampled_from(("rejected", "accepted"))] * 2),
    )
    def act(self, act: str, who: int, which: int, amount: str, decisions: tuple[str, str]) -> None:
        """One rule for all, so that none is left out of a whole sequence."""
        person = self.people[who]
        match act:
            case "order":
                self._place(person, amount)
            case "refund" | "refund later":
                self._give_back(person, which, later=act == "refund later")
            case "exclude":
                self._exclude(person, which)
            case "decide":
                self._decide_late(person, decisions[0])
            case "contest" if not self.is_open:
                self._claim(person, which, None if amount == "200" else amount)
            case "turn":
                self._turn(decisions)

    def _give_back(self, person: Person, which: int, *, later: bool) -> None:
        number, order = self._order(person, which)
        if order.is_excluded or person.upheld.get(number, order.amount) is None:
            return
        refunded = order.later if later else order.in_month
        if refunded:
            return
        part = half_up(order.amount / 4, "0.01")
        self.run(self._refund(number, part, later=later))
        self._change(person, number, later=part) if later else self._change(
            person, number, in_month=part
        )

    def _exclude(self, person: Person, which: int) -> None:
        number, order = self._order(person, which)
        if order.is_excluded or number in person.upheld or number == person.first:
            return
        stated = {"source": "erp", "order": number, "reason": "brushing", "note": "x"}
        answer = self.run(self._ask("ingest", "/v1/exclusions", stated, "hr"))
        assert answer.status_code == 201, answer.text
        self._change(person, number, is_excluded=True)

    def _decide_late(self, person: Person, decision: str) -> None:
        if person.is_held if self.is_open else person.waits:
            self._decide(person, decision)
        else:
            assert self._decide_once(person, decision, "hr").status_code == 404

    def _claim(self, person: Person, which: int, amount: str | None) -> None:
        """What came late and counts nowhere cannot be: it is decided as a late fact."""
        number, order = self._order(person, which)
        if order.is_excluded or number in person.contested:
            return
        if amount is None and number == person.first:
            return
        person.contested.add(number)
        change = {"exclude": True} if amount is None else {"amount": amount}
        body = {"reason": "x", "fact": f"orders/erp/{number}", **change}
        answer = self.run(self._contest(person, self._card(person), body))
        path = f"/v1/disputes/{answer['dispute']['id']}/decision"
        uphold = {"uphold": True, "reason": "it was"}
        decided = self.run(self._ask("api", path, uphold, "hr"))
        if order.changed > person.since:
            assert (decided.status_code, decided.json()["code"]) == (409, "fact_came_late")
            decided = self.run(self._ask("api", path, {**uphold, "uphold": False}, "hr"))
        else:
            person.upheld[number] = None if amount is None else Decimal(amount)
        assert decided.status_code == 200, decided.text

    def _turn(self, decisions: tuple[str, str]) -> None:
        """Open the cycle again, or publish it again."""
        if self.is_open:
            self._publish_again(decisions)
        else:
            self._open_again(decisions)

    def _open_again(self, decisions: tuple[str, str]) -> None:
        """Once nothing waits any more that changes anything."""
        waiting = [each.waits for each in self.people]
        if any(each.waits and each.is_other for each in self.people):
            self._is_refused("open")
        for person, waits, decision in zip(self.people, waiting, decisions, strict=True):
            if waits:
                self._decide(person, decision)
        self._move("open")
        self.owed = {each.code: each.owed() for each in self.people}
        self.is_open = True
        self.cards = {}

    def _publish_again(self, decisions: tuple[str, str]) -> None:
        """Once HR has seen all that came for the cards that are held."""
        unseen = [each.is_unseen for each in self.people]
        if any(unseen):
            self._is_refused("closed")
        for person, is_unseen, decision in zip(self.people, unseen, decisions, strict=True):
            if is_unseen:
                self._decide(person, decision)
        for stage in AGAIN:
            self._move(stage)
        self._published()

    @invariant()
    def payroll_owes_what_counts(self) -> None:
        Correcting.steps += 1
        rows = self.run(self._read_published())
        entries = [row for row in rows if row.seq is not None]
        assert [row.seq for row in entries] == list(range(1, len(entries) + 1))
        assert all(hashlib.sha256(row.document).digest() == row.sha256 for row in rows)
        now = {row.id: row.document for row in rows}
        assert {each: now.get(each) for each in self.kept} == self.kept, "published bytes changed"
        self.kept = now
        Correcting.entries = len(entries)
        own = [json.loads(row.document) for row in entries]
        for person in self.people:
            told = [each for each in own if each["employee"] == person.code]
            # While the cycle is open nothing is published: what was owed then is.
            total, grade, pay = self.owed[person.code] if self.is_open else person.owed()
            sums: dict[str, Decimal] = dict.fromkeys(pay, Decimal(0))
            for each in told:
                sums[each["plan"]] += Decimal(each["amount"])
            assert sums == pay
            assert (Decimal(told[-1]["total"]), told[-1]["grade"]) == (total, grade)

    def teardown(self) -> None:
        if hasattr(self, "cycle"):
            if self.is_open:
                self._publish_again(("rejected", "rejected"))
            self.payroll_owes_what_counts()
            found = self.run(self._find_drifts())
            assert (found.drifts, found.unreadable) == (0, ())

    def _published(self) -> None:
        """All that a card follows goes into it as data are closed; of a held one nothing."""
        self.is_open = False
        for person in self.people:
            if not person.is_held:
                self._take(person)

    def _take(self, person: Person) -> None:
        person.waits = person.is_held = False
        if not self.is_open:
            person.counted, person.since = dict(person.facts), self.tick

    def _order(self, person: Person, which: int) -> tuple[str, Order]:
        numbers = [*person.facts]
        number = numbers[which % len(numbers)]
        return number, person.facts[number]

    def _place(self, person: Person, amount: str) -> None:
        number = f"{person.code}-{len(person.facts)}"
        self.run(self._sell(person, number, amount))
        person.facts[number] = Order(Decimal(amount))
        self._change(person, number)

    def _change(self, person: Person, number: str, **changed: Any) -> None:
        self.tick += 1
        person.facts[number] = replace(person.facts[number], changed=self.tick, **changed)
        person.waits = person.waits or not self.is_open

    def _decide(self, person: Person, decision: str) -> None:
        if decision == "accepted":
            if not self.is_open:
                assert self._decide_once(person, decision, "hr").status_code == 202
            assert self._decide_once(person, decision, "admin").status_code == 201
            self._take(person)
        else:
            assert self._decide_once(person, decision, "hr").status_code == 201
            person.reject(again=self.is_open)

    def _decide_once(self, person: Person, decision: str, role: str) -> httpx.Response:
        body = {"decision": decision, "reason": "r"}
        path = f"/v1/late-facts/{self._card(person)}/decision"
        answer: httpx.Response = self.run(self._ask("api", path, body, role))
        return answer

    def _move(self, to: str) -> None:
        answer = self._move_once(to)
        assert answer.status_code == 200, answer.text

    def _is_refused(self, to: str) -> None:
        answer = self._move_once(to)
        assert (answer.status_code, answer.json()["code"]) == (409, "late_facts_undecided")

    def _move_once(self, to: str) -> httpx.Response:
        role = "hr" if to == "published" else "admin"
        path = f"/v1/cycles/{self.cycle}/moves"
        answer: httpx.Response = self.run(self._ask("api", path, {"to": to, "reason": "r"}, role))
        return answer

    def _card(self, person: Person) -> str:
        if not self.cards:
            page = self.run(self.tenant.get("/v1/scorecards", cycle=self.cycle))
            self.cards = {each["subject"]: each["id"] for each in page["items"]}
        return self.cards[f"employee:{person.code}"]

    async def _engage(self) -> None:
        held = {"position": "guide", "unit": "service", "from": "2026-01-01"}
        rows = [{"code": each.code, "name": "导购", "assignments": [held]} for each in self.people]
        await self.tenant.post("/v1/employees/batch", rows)

    async def _begin(self, body: dict[str, Any]) -> None:
        await self.tenant.post("/v1/cycles", body)
        await self.tenant.move(self.cycle, "open", *AGAIN)

    async def _sell(self, person: Person, number: str, amount: str) -> None:
        row = {
            "source": "erp", "id": number, "shop": SHOP, "status": "paid",
            "modified_at": "2026-10-20T10:00:00+08:00", "created_at": "2026-10-10T10:00:00+08:00",
            "paid_at": "2026-10-10T10:00:00+08:00", "paid_amount": amount,
            "salesperson": person.code,
        }  # fmt: skip
        tally = await self.tenant.post_facts("orders", as_array([row]), "application/json")
        assert tally["rows"] == []

    async def _refund(self, number: str, part: Decimal, *, later: bool) -> None:
        at = f"2026-{11 if later else 10}-20T10:00:00+08:00"
        row = {
            "source": "erp", "id": f"{number}-{later}", "shop": SHOP, "status": "succeeded",
            "order": number, "kind": "refund", "amount": str(part),
            "requested_at": at, "refunded_at": at, "modified_at": at,
        }  # fmt: skip
        tally = await self.tenant.post_facts("refunds", as_array([row]), "application/json")
        assert tally["rows"] == [], tally

    async def _ask(self, door: str, path: str, body: Any, role: str) -> httpx.Response:
        client = self.tenant.api if door == "api" else self.tenant.ingest
        headers = {"Authorization": f"Bearer {self.tenant.keys[role]}"}
        return await client.post(path, json=body, headers=headers)

    async def _contest(self, person: Person, card: str, body: Any) -> Any:
        if person.code not in self.tenant.keys:
            wanted = {"role": "employee", "employee": person.code}
            self.tenant.keys[person.code] = (await self.tenant.post("/v1/keys", wanted))["key"]
        path = f"/v1/scorecards/{card}/disputes"
        return await self.tenant.post(path, body, role=person.code)

    async def _read_published(self) -> Any:
        async with self.doors.owner.read(self.tenant.number) as session:
            return list(await session.execute(PUBLISHED))

    async def _find_drifts(self) -> Any:
        caller = Caller(self.tenant.number, Role.ADMIN, None, "system:operator")
        async with self.doors.owner.write(self.tenant.number) as session:
            cycle = await read_cycle(session, self.cycle)
            assert cycle is not None
            return await find_drifts(session, cycle, caller=caller, at=datetime.now(UTC))


async def found(doors: Doors) -> Tenant:
    """A company whose guides are paid by sales and by grade, whoever they are."""
    tenant = await doors.make_tenant("青禾", currency="CNY", timezone="Asia/Shanghai")
    place = {"timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
    await tenant.put(f"/v1/shops/{SHOP}", {"name": "店", "marketplace": None, **place})
    await tenant.put("/v1/units/service", {"name": "客服部"})
    item = {
        "code": "net_sales",
        "indicator": "net_sales",
        "weight": "100",
        "scope": "own",
        "target": {"kind": "fixed", "value": str(TARGET)},
        "rule": {"kind": "ratio", "floor": "0", "cap": "120"},
    }
    name = {"zh": "销售", "en": "Sales"}
    scheme = {
        "name": name, "cycle": "month", "full_mark": "100",
        "sections": [{"code": "sales", "name": name, "weight": "100", "items": [item]}],
        "grades": [
            {"grade": grade, "from": str(least), "coefficient": coefficient}
            for grade, least, coefficient in GRADES
        ],
        "pay": [
            {
                "plan": "commission", "indicator": "net_sales",
                "bands": [{"from": "0", "rate": "0.01"}], "coefficient": "grade",
            },
            {"plan": "grade_bonus", "base": str(BONUS)},
        ],
    }  # fmt: skip
    await tenant.put("/v1/schemes/guide", scheme)
    await tenant.post("/v1/schemes/guide/publish", None)
    return tenant


@contextmanager
def correcting(database: TestDatabase, folder: Path) -> Iterator[None]:
    """The machine's world, over a database of its own."""
    with asyncio.Runner() as runner:
        Correcting.runner = runner
        opened = open_doors(database, folder)
        Correcting.doors = runner.run(opened.__aenter__())
        try:
            Correcting.tenant = runner.run(found(Correcting.doors))
            yield
        finally:
            runner.run(opened.__aexit__(None, None, None))


@CORRECTED
def test_scenario_p06_no_sequence_of_late_facts_and_decisions_owes_anything_else(
    size: Size, fresh_database: TestDatabase, tmp_path: Path, figure: Figures
) -> None:
    with correcting(fresh_database, tmp_path), structlog.testing.capture_logs():
        size.run(Correcting)
    of = f"entries of sequences by chance, looked at after each of {Correcting.steps} steps"
    figure("P06", Wrong.CENTS, 0, tried=Correcting.entries, of=of)
