"""A hostile formula wherever it counts: a number, *no data* or a refusal by name, never a 500.

Formulas come in with indicators alone; what else names an indicator takes none in its place.
"""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from urllib.parse import quote

import pytest

from services.api.flows.standards import check_standards
from services.api.store.standards import watch_days
from tests.api.appraisals import NAME, PERIOD, cards, checker, found, scheme, sell
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.fillings import room_for, with_value
from tests.api.graph.asking import post
from tests.api.graph.questions import graph_question
from tests.api.matrix import calls_of, put
from tests.api.places import Place, places
from tests.api.references import kind_of_place
from tests.api.rest.test_back_tests import worker_of
from tests.api.worlds import World, undone
from tests.figures import Figures, Most, Wrong

BASE_MISSING, TOO_LARGE = "pay_base_missing", "payout_too_large"
COUNTED: dict[str, tuple[str, str, str | None]] = {
    "nested": ("(" * 20 + "paid_amount" + ")" * 20, "128", None),
    "divided": ("paid_amount / (paid_amount - paid_amount)", "no_denominator", BASE_MISSING),
    "multiplied": ("paid_amount" + " * 99999999999999" * 100, "too_large", BASE_MISSING),
    "divided_by_little": ("paid_amount" + " / 0.0000000001" * 100, "too_large", BASE_MISSING),
    "below_zero": ("0 - paid_amount" + " * 99999999999999" * 100, "too_large", BASE_MISSING),
    "at_the_bound": ("paid_amount * 99999999999999 * 7000", "89599999999999104000", TOO_LARGE),
    "next_to_nothing": ("paid_amount" + " * 0.0000000001" * 100, "0", None),
}
"""Formulas that are taken: what each comes to, and why nobody is paid by it."""
NEVER = (
    "(" * 2000,
    "1" + " + 1" * 2000,
    "paid_amount / 0",
    "9" * 400,
    "__import__('os').system('id')",
    "paid_amount[moon = 1]",
)
"""Formulas that nobody takes, and no names of anything."""
ALL = "formulas at every door that counts them"
in_the_world = pytest.mark.asyncio(loop_scope="session")


class Asked:
    """A company that is asked, and what went wrong of it."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.count = 0
        self.failed: list[str] = []

    async def __call__(self, method: str, path: str, body: Json = None, key: str = "admin") -> Json:
        answer = await self.company.ask(method, path, body, key=key)
        self.count += 1
        if answer.status_code >= 500 or '"internal"' in answer.text:
            self.failed.append(f"{method} {path}: {answer.text[:300]}")
        return answer.json() if "json" in answer.headers["content-type"] else answer.text


@pytest.fixture
async def asked(company: Company) -> Asked:
    await found(company)
    await checker(company)
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="128"))
    return Asked(company)


async def test_scenario_e09_a_formula_counts_everywhere_or_is_no_data(
    asked: Asked, figure: Figures
) -> None:
    unlike = []
    for code, (formula, wanted, unpaid) in COUNTED.items():
        stated = {"name": NAME, "formula": formula, "unit": "money", "better": "higher"}
        await asked("PUT", f"/v1/indicators/{code}", stated)
        value = await _valued(asked, code)
        await _watched(asked, code)
        refused = await _paid(asked, code)
        if (value, refused) != (wanted, unpaid):
            unlike.append(f"{code}: {value} {refused}")
    figure("E09", Wrong.FAILED, asked.failed, tried=asked.count, of=ALL)
    figure("E09", Wrong.CHANGES, unlike, tried=len(COUNTED), of="formulas that are taken")


async def _valued(asked: Asked, code: str) -> str:
    """What an indicator comes to, or why to nothing; it is aimed at besides."""
    about = f"subject=employee:e-1&period={PERIOD}"
    told = await asked("GET", f"/v1/indicators/{code}/values?{about}")
    await asked("GET", f"/v1/indicators/{code}/values?{about}&grain=day")
    aim = {"subject": "employee:e-1", "indicator": code, "period": PERIOD}
    await asked("PUT", "/v1/targets", [aim | {"value": "1"}])
    await asked("GET", f"/v1/targets/proposal?{about}&indicator={code}")
    await asked("GET", f"/v1/targets/differences?{about}&indicator={code}")
    await asked("POST", "/v1/targets/break-down", aim | {"into": "months", "period": "2026-Q1"})
    await asked("PUT", "/v1/target-plans", aim | {"mode": "scale", "actions": []})
    value: str = told["items"][0]["value"] or told["items"][0]["reason"]
    return value


async def _watched(asked: Asked, code: str) -> None:
    """A standard and a level by it."""
    standard = {"name": NAME, "indicator": code, "subject_kind": "employee", "at_most": "1"}
    await asked("PUT", f"/v1/standards/{code}", standard | {"days": 1})
    async with asked.company.app.state.database.write(asked.company.number) as session:
        await watch_days(session, [date(2026, 1, 5)])
        await check_standards(session, at=datetime(2026, 1, 6, 12, tzinfo=UTC))
    met = {"code": "sells", "name": NAME, "indicator": code, "at_least": "1", "months": 1}
    levels = [
        {"code": "gold", "name": NAME, "criteria": [met]},
        {"code": "bronze", "name": NAME, "criteria": []},
    ]
    ladder = {"name": NAME, "positions": [], "levels": levels, "note": None}
    await asked("PUT", f"/v1/ladders/{code}", ladder)
    month = {"month": PERIOD, "employees": None}
    await asked("POST", f"/v1/ladders/{code}/assessments", month)
    await asked("GET", f"/v1/employees/e-1/levels?month={PERIOD}")


def _scheme(code: str) -> Json:
    """An item by each rule that may ask for a value, and a commission on it."""
    counted: tuple[Json, ...] = (
        {"rule": {"kind": "ratio", "floor": "0"}, "target": {"kind": "fixed", "value": "4"}},
        {"rule": {"kind": "steps", "of": "value", "steps": [{"at_least": "1", "score": "100"}]}},
        {"rule": {"kind": "curve", "of": "value", "points": [["0", "0"], ["100", "100"]]}},
    )
    shared = {"indicator": code, "scope": "own", "missing": "zero"}
    commission = {"plan": "commission", "indicator": code, "rate": "9999"}
    document = scheme(pay=[commission], approval=[])
    document["sections"][0]["items"] = [
        {"code": each["rule"]["kind"], "weight": weight, **each, **shared}
        for each, weight in zip(counted, ("40", "30", "30"), strict=True)
    ]
    return document


async def _paid(asked: Asked, code: str) -> str | None:
    """Scored, tried on the past, told and published: the code of why it is not paid by."""
    path = f"/v1/schemes/{code}"
    assert "code" in (told := await asked("PUT", path, _scheme(code))), told
    assert "version" in (told := await asked("POST", f"{path}/publish")), told
    agents = {"position": "agent"}
    await asked("POST", f"{path}/back-test", {"periods": [PERIOD], "population": agents})
    await worker_of(asked.company).work(asked.company.number)
    cycle = {"code": code, "scheme": code, "period": PERIOD, "population": agents}
    await asked("POST", "/v1/cycles", cycle)
    moves = f"/v1/cycles/{code}/moves"
    await asked("POST", moves, {"to": "open", "reason": None})
    card = (await cards(asked.company, code))["employee:e-1"]["id"]
    for each in ("", "/explanation", "/next-steps"):
        await asked("GET", f"/v1/scorecards/{card}{each}")
    lines = f'{{ scorecard(id: "{card}") {{ total lines {{ value score }} }} }}'
    await asked("POST", "/graphql", {"query": lines})
    for to in ("closed", "review", "approved"):
        await asked("POST", moves, {"to": to, "reason": None})
    told = await asked("POST", moves, {"to": "published", "reason": None}, "checker")
    await asked("GET", f"/v1/payroll/export?cycle={code}")
    return None if told.get("status") == "published" else str(told["code"])


@in_the_world
async def test_scenario_e09_what_names_an_indicator_takes_no_formula(
    world: World, figure: Figures
) -> None:
    tried, failed, accepted, spent = 0, [], [], []
    async with undone(world):
        for place in _naming():
            for formula in NEVER:
                began = time.process_time()
                status, text, is_refused = await _ask(world, place, formula)
                spent.append((time.process_time() - began) * 1000)
                tried += 1
                told = f"{place} {formula[:40]}: {status} {text[:300]}"
                failed += [told] if status >= 500 or '"internal"' in text else []
                accepted += [] if is_refused else [told]
    of = "formulas where something is named"
    figure("E09", Wrong.FAILED, failed, tried=tried, of=of)
    figure("E09", Wrong.ACCEPTED, accepted, tried=tried, of=of)
    figure.most("E09", Most.ANSWER, *spent, limit=None)


def _naming() -> Iterator[Place]:
    """The places for an indicator or a measure, or for a formula over measures."""
    for place in sorted(places(), key=str):
        if kind_of_place(place) in {"indicator", "measure"}:
            yield place


async def _ask(world: World, place: Place, formula: str) -> tuple[int, str, bool]:
    """The answer to a formula in a place, and whether it is none but a refusal or nothing found."""
    if place.where == "variable":
        answer = await post(world.ours, graph_question(world, place).text, {"v": formula})
        body = answer.json()
        is_refused = "errors" in body or not any(_found(body["data"]))
        return answer.status_code, answer.text, is_refused
    call = next(
        each
        for each in calls_of(world, f"REST {place.operation}")
        if each.wanted == "allow" and not each.ruled
    )
    value = formula if place.where == "body" else quote(formula, safe="")
    answer = await put(world, with_value(world, room_for(world, call, place), place, value))
    is_refused = answer.status_code >= 400 or bool(answer.json().get("rows"))
    return answer.status_code, answer.text, is_refused


def _found(data: Json) -> Iterator[bool]:
    """Whether there is anything in each answer."""
    for each in data.values():
        yield bool(each) and (not isinstance(each, dict) or bool(each.get("totalCount", 1)))
