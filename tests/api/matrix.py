"""How the cells of `authorization.yaml` are called: what each operation is asked, and of whom.

An operation that is not named here is asked by its path alone: whoever adds one need add nothing,
unless its query or body says whom it is about.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from services.door.access import Cell, row_of
from services.schema.words import Role
from tests.api.appraisals import SCHEME
from tests.api.companies import Json
from tests.api.watching import CASE, STANDARD, SURVEY
from tests.api.worlds import ANONYMOUS, FOREIGN, SHOPS, STAGES, UNITS, World

CALLERS = (*(role.value for role in Role), ANONYMOUS)
NOUNS = {
    "employees": "employee",
    "units": "unit",
    "shops": "shop",
    "cycles": "cycle",
    "scorecards": "scorecard",
    "results": "result",
    "schemes": "scheme",
    "ladders": "ladder",
    "indicators": "indicator",
    "measures": "measure",
    "keys": "key",
    "jobs": "job",
    "alerts": "alert",
    "surveys": "survey",
    "cases": "case",
    "exclusions": "exclusion",
    "disputes": "dispute",
    "rejected": "rejected",
    "feeds": "feed",
    "webhooks": "webhook",
    "deliveries": "delivery",
}
"""What the part of a path names whose next part is an id."""
CONSTANTS = {
    "/v1/facts/{kind}": "orders",
    "/v1/mappings/{code}": "sycm_shop",
    "/v1/templates/{code}": "traffic_manager",
    "/v1/ladder-templates/{code}": "service_agent",
}
"""What is the same for every company."""
ABSENT = "nothing_is_called_so"
_PEOPLE = frozenset(
    {"employee", "scorecard", "result", "exclusion", "order", "alert", "dispute", "case"}
)
_PARAMETER = re.compile(r"\{\w+\}")


@dataclass(frozen=True)
class Ask:
    """One operation's query or body; `{}` stands for the id of whom or what it is about."""

    kind: str | None = None
    query: str = ""
    body: Json = None
    listed: str | None = None
    """Of a list, the member of an item that names the employee, unit, shop or cycle."""


def _target(**changed: Json) -> Json:
    return {
        "subject": "employee:{}",
        "indicator": "net_sales",
        "period": "2026-01",
        **changed,
    }


_OBSERVED = {"employee": "{}", "behaviour": "communication", "month": "2026-01", "holds": False}
_WARNING = {
    "name": {"zh": "警", "en": "warning"}, "use": "warning", "cycle": "month",
    "grades": ["C"], "at_least": 2, "of_last": 3,
}  # fmt: skip
_NAME = {"zh": "自", "en": "own"}
_PERIOD = "period=2026-01&subject=employee:{}"
ASKS: Mapping[str, Ask] = {
    "POST /v1/facts/{kind}": Ask(body=[]),
    "GET /v1/facts/{kind}": Ask("employee", "employee={}", listed="salesperson"),
    "GET /v1/exclusions": Ask("employee", "employee={}", listed="salesperson"),
    "POST /v1/exclusions": Ask(
        "order", body={"source": "erp", "order": "{}", "reason": "test", "note": "why"}
    ),
    "POST /v1/exclusions/batch": Ask(
        "order", body=[{"source": "erp", "order": "{}", "reason": "test", "note": "why"}]
    ),
    "POST /v1/exclusions/{id}/undo": Ask(body={"note": "why"}),
    "GET /v1/exclusions/figures": Ask(
        "shop", "from=2026-01-01&to=2026-02-01&shop={}", listed="shop"
    ),
    "POST /v1/reconciliations": Ask(
        body=[{"source": "sycm", "shop": "s-a", "day": "2026-01-01", "orders": 0}]
    ),
    "PUT /v1/shops/{code}/account": Ask(body={"app_key": "k", "secret": "s", "session": "t"}),
    "POST /v1/feeds/{id}/backfill": Ask(body={"from": "2026-01-01", "to": "2026-01-02"}),
    "PUT /v1/tenant": Ask(
        body={
            "name": "t",
            "currency": "CNY",
            "timezone": "Asia/Shanghai",
            "week_start": "monday",
            "fiscal_start": "01-01",
        }
    ),
    "PUT /v1/shops/{code}": Ask(
        body={"name": "s", "timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
    ),
    "PUT /v1/measures/{code}": Ask(body={"name": _NAME, "unit": "count"}),
    "PUT /v1/indicators/{code}": Ask(
        body={"name": _NAME, "formula": "orders", "unit": "count", "better": "higher"}
    ),
    "PUT /v1/target-calendar": Ask(
        body={"stretches": [{"from": "2026-11-11", "to": "2026-11-12", "weight": "8"}]}
    ),
    "PUT /v1/schemes/{code}": Ask(body=SCHEME),
    "POST /v1/schemes/{code}/back-test": Ask(body={"periods": ["2026-01"]}),
    "POST /v1/cycles": Ask(
        body={
            "code": "new",
            "scheme": "mine",
            "period": "2026-01",
            "population": {"position": "agent"},
        }
    ),
    "POST /v1/disputes/{id}/decision": Ask(body={"uphold": False, "reason": "why"}),
    "PUT /v1/late-facts/settings": Ask(body={"correction_periods": 3}),
    "PUT /v1/rates": Ask(body=[{"from": "USD", "to": "CNY", "day": "2026-01-01", "rate": "7"}]),
    "GET /v1/shops": Ask("shop", listed="code"),
    "GET /v1/units": Ask("unit", listed="code"),
    "GET /v1/employees": Ask("employee", listed="code"),
    "GET /v1/cycles": Ask("cycle", listed="code"),
    "PUT /v1/units/{code}": Ask(body={"name": "u"}),
    "PUT /v1/employees/{code}": Ask(body={"name": "e"}),
    "POST /v1/units/batch": Ask(body=[]),
    "POST /v1/employees/batch": Ask(body=[]),
    "POST /v1/shops/batch": Ask(body=[]),
    "GET /v1/targets": Ask("employee", "subject=employee:{}", listed="subject"),
    "PUT /v1/targets": Ask("employee", body=[_target(value="7")]),
    "POST /v1/targets/break-down": Ask("employee", body=_target(into="months", period="2026-Q1")),
    "GET /v1/target-plans": Ask("employee", "subject=employee:{}", listed="subject"),
    "PUT /v1/target-plans": Ask("employee", body=_target(mode="scale", actions=[], revision=1)),
    "POST /v1/target-plans/reports": Ask("employee", body=_target(action="call", state="do")),
    "GET /v1/targets/differences": Ask("employee", f"{_PERIOD}&indicator=net_sales"),
    "GET /v1/targets/proposal": Ask("employee", f"{_PERIOD}&indicator=net_sales"),
    "GET /v1/indicators/{code}/values": Ask("employee", _PERIOD),
    "GET /v1/diagnosis/sales": Ask("employee", _PERIOD),
    "POST /v1/indicators/values": Ask(body=[]),
    "POST /v1/keys": Ask(body={"role": "hr"}),
    "POST /v1/tokens/revocations": Ask(body={"subject": "u-1", "reason": "why"}),
    "PUT /v1/standards/{code}": Ask(body=STANDARD),
    "GET /v1/alerts": Ask("employee", "subject=employee:{}", listed="subject"),
    "POST /v1/alerts/{id}/acknowledgement": Ask(body={"note": "why"}),
    "POST /v1/alerts/{id}/closure": Ask(body={"note": "why"}),
    "POST /v1/webhooks": Ask(body={"url": "https://hooks.example/", "events": ["cycle.moved"]}),
    "POST /v1/webhooks/{id}/rotate": Ask(body={"overlap_seconds": 60}),
    "PUT /v1/surveys/{code}": Ask(body=SURVEY),
    "POST /v1/surveys/{code}/invitations": Ask(body={"respondents": ["b-1"]}),
    "POST /v1/surveys/{code}/answers": Ask(
        body={"respondent": "b-1", "answers": [{"question": "speed", "mark": 3}]}
    ),
    "GET /v1/cases": Ask("employee", "owner={}", listed="owner"),
    "POST /v1/cases": Ask("employee", body=CASE | {"owner": "{}"}),
    "POST /v1/cases/{id}/steps": Ask(body={"step": "done", "note": "why"}),
    "GET /v1/reports": Ask("employee", _PERIOD),
    "PUT /v1/reports": Ask(
        "employee", body={"subject": "employee:{}", "period": "2026-01", "remark": "why"}
    ),
    "PUT /v1/report-duty": Ask(
        body={"positions": ["agent"], "weekdays": ["monday"], "due_hours": 1, "from": "2026-01-01"}
    ),
    "POST /v1/scorecards/{id}/improvements": Ask(
        body={"cycle": "published", "number": 1, "state": "done", "note": "why"}
    ),
    "GET /v1/scorecards": Ask("employee", "employee={}", listed="subject"),
    "GET /v1/results": Ask("employee", "employee={}", listed="subject"),
    "POST /v1/scorecards/{id}/payouts": Ask(body={"amount": "1", "reason": "why"}),
    "POST /v1/scorecards/{id}/raters": Ask(body={"role": "peer", "employee": "e-rival"}),
    "POST /v1/scorecards/{id}/adjustments": Ask(body={"points": "1", "reason": "why"}),
    "POST /v1/scorecards/{id}/reviews": Ask(body={"decision": "approve"}),
    "POST /v1/scorecards/{id}/interview": Ask(body={"remarks": "seen"}),
    "POST /v1/scorecards/{id}/disputes": Ask(body={"line": "orders", "reason": "why"}),
    "POST /v1/cycles/{code}/calibration": Ask(
        "calibrated", body={"moves": [{"scorecard": "{}", "grade": "A", "reason": "why"}]}
    ),
    "PUT /v1/use-rules/{code}": Ask(body=_WARNING),
    "GET /v1/uses": Ask("employee", "employee={}"),
    "POST /v1/uses/decisions": Ask(
        "employee",
        body={"rule": "w", "employee": "{}", "result": "r", "accept": True, "reason": "why"},
    ),
    "POST /v1/payroll/acknowledgements": Ask(body={"through": 1}),
    "GET /v1/scorecards/{id}/change": Ask(query="against=closed"),
    "GET /v1/payroll/export": Ask("published", "cycle={}"),
    "POST /v1/ladders": Ask(body={"code": "new", "template": "service_agent"}),
    "GET /v1/ladders/{code}/observations": Ask("employee", "employee={}", listed="employee"),
    "POST /v1/ladders/{code}/observations": Ask("employee", body=[_OBSERVED]),
    "GET /v1/ladders/{code}/assessments": Ask("employee", "employee={}", listed="employee"),
    "POST /v1/ladders/{code}/assessments": Ask(body={"month": "2026-01"}),
    "POST /v1/schemes": Ask(body={"code": "new", "template": "traffic_manager"}),
    "POST /v1/schemes/{code}/publish": Ask(),
    "POST /v1/cycles/{code}/moves": Ask(body={"to": "open", "reason": "why"}),
}


@dataclass
class Tally:
    """What was called, and what was not as the matrix says."""

    called: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def check(self, good: bool, cell: str, said: object) -> None:  # noqa: FBT001  the one thing it is about
        self.called[cell.partition(" as ")[0]] += 1
        if not good:
            self.wrong.append(f"{cell}: {str(said)[:300]}")

    @property
    def cells(self) -> int:
        return sum(self.called.values())


@dataclass(frozen=True)
class Call:
    """One cell: a row asked by a caller about something in a relation."""

    row: str
    caller: str
    relation: str
    thing: str | None
    """Null where an operation is about nothing in particular."""
    stage: str = ""

    @property
    def method(self) -> str:
        return self.row.split()[1]

    @property
    def path(self) -> str:
        return self.row.split()[2]

    @property
    def wanted(self) -> str:
        """What the cell says; what is foreign is not there, whatever it is."""
        said = said_of(row_of(self.row), self.caller, self.relation)
        return "hide" if self.relation == "foreign" and said == "allow" else said

    @property
    def denied(self) -> bool:
        """Whether it must change nothing; under a code of another company one may write anew."""
        if self.method == "GET":
            return self.wanted in {"refuse", "hide"}
        return said_of(row_of(self.row), self.caller, self.relation) in {"refuse", "hide"}

    def __str__(self) -> str:
        about = f"{self.relation} {self.thing or ''} {self.stage}".strip()
        return f"{self.row} as {self.caller}, {about}, wanted {self.wanted}"


def said_of(row: Mapping[str, Cell], caller: str, relation: str) -> str:
    """The word of a row for a caller and a relation; nothing is allowed by absence."""
    cell = row.get(caller, row.get("*", "refuse"))
    return cell if isinstance(cell, str) else cell.get(relation, cell.get("*", "refuse"))


def calls_of(world: World, row: str) -> Iterator[Call]:
    """Every cell of an operation of REST: each caller, each relation, each stage of a cycle."""
    operation = row.removeprefix("REST ")
    kind = kind_of(operation)
    for caller in CALLERS:
        if kind is None:
            yield Call(row, caller, "other", None)
            continue
        for stage in stages_of(operation, kind):
            for relation, thing in things_of(world, kind, caller, stage):
                yield Call(row, caller, relation, thing, stage)


def kind_of(operation: str) -> str | None:
    """What an operation is about: as its ask says, else as its path does."""
    path = operation.split()[1]
    ask = ASKS.get(operation, Ask())
    if ask.kind is not None:
        return ask.kind
    parts = path.split("/")
    named = [NOUNS.get(parts[i - 1]) for i, part in enumerate(parts) if _PARAMETER.fullmatch(part)]
    return named[0] if named and path not in CONSTANTS else None


def stages_of(operation: str, kind: str) -> tuple[str, ...]:
    if kind != "scorecard":
        return ("",)
    return STAGES if operation == "GET /v1/scorecards/{id}" else ("open", "published")


def things_of(world: World, kind: str, caller: str, stage: str) -> Iterator[tuple[str, str]]:
    """Something in each relation to a caller."""
    people = world.people(caller)
    if kind in _PEOPLE:
        name = f"{kind} {stage}".strip()
        for relation, code in people.items():
            thing = code if kind == "employee" else world.things[name, code]
            yield relation, thing
    elif kind == "job":
        if caller in {role.value for role in Role}:
            yield "own", world.things[kind, caller]
        yield "other", world.things[kind, "erp" if caller != "erp" else "hr"]
        yield "foreign", world.things[kind, f"{FOREIGN}{Role.HR}"]
    elif kind in {"unit", "shop", "cycle"}:
        yield from _places_of(world, kind, caller)
    elif kind == "calibrated":
        if "own" in people:
            yield "own", world.things["scorecard calibration", people["own"]]
        yield "other", world.things["scorecard open", people["other"]]
    elif kind == "published":
        yield "other", kind
        yield "foreign", f"{FOREIGN}{kind}"
    elif kind == "key":
        yield "other", world.things[kind, Role.VIEWER.value]
        yield "foreign", world.things[kind, f"{FOREIGN}{Role.VIEWER}"]
    else:
        yield "other", world.things[kind, ""]
        yield "foreign", world.things[kind, FOREIGN]


def _places_of(world: World, kind: str, caller: str) -> Iterator[tuple[str, str]]:
    """Units, shops and cycles as they stand to a caller: `back` has none of the others."""
    mine = {"unit": "front", "shop": SHOPS["front"], "cycle": "open"}[kind]
    far = {"unit": "back", "shop": SHOPS["back"], "cycle": "back"}[kind]
    if caller in {Role.LEAD, Role.EMPLOYEE}:
        assert UNITS[world.people(caller)["own"]] == "front"
        yield ("team" if kind == "unit" and caller == Role.LEAD else "own"), mine
    yield "other", far
    if kind == "cycle" and caller not in {Role.LEAD, Role.EMPLOYEE}:
        yield "other", "draft"
    yield "foreign", f"{FOREIGN}{far}"


async def send(world: World, call: Call, thing: str | None) -> httpx.Response:
    """Ask as the caller about a thing."""
    operation = call.row.removeprefix("REST ")
    ask = ASKS.get(operation, Ask())
    path = _path_of(world, operation, thing)
    pairs = [pair for pair in ask.query.split("&") if pair and (thing or "{}" not in pair)]
    if ask.listed and thing is None:
        pairs.append("limit=500")
    path += "?" + "&".join(pairs).replace("{}", thing or "")
    client = world.ingest if call.path in world.paths_of_ingest else world.ours.client
    headers = {}
    if call.caller != ANONYMOUS:
        headers["Authorization"] = f"Bearer {world.ours.keys[call.caller]}"
    if call.method == "GET":
        return await client.get(path, headers=headers)
    body = _filled(ask.body if operation in ASKS else {}, thing or ABSENT)
    return await client.request(call.method, path, json=body, headers=headers)


def _path_of(world: World, operation: str, thing: str | None) -> str:
    """The path with its ids: of a noun that the world does not have, one that is not there."""
    path = operation.split()[1]
    if path in CONSTANTS:
        return _PARAMETER.sub(CONSTANTS[path], path)
    asked = ASKS.get(operation, Ask()).kind
    parts = path.split("/")
    for i, part in enumerate(parts):
        if not _PARAMETER.fullmatch(part):
            continue
        kind = NOUNS.get(parts[i - 1])
        if kind == kind_of(operation) and asked is None and thing is not None:
            parts[i] = thing
        else:
            parts[i] = world.things.get((kind or "", ""), ABSENT)
    return "/".join(parts)


def _filled(body: Json, thing: str) -> Json:
    if isinstance(body, list):
        return [_filled(each, thing) for each in body]
    if isinstance(body, Mapping):
        return {name: _filled(value, thing) for name, value in body.items()}
    return body.replace("{}", thing) if isinstance(body, str) else body


def named_in(item: Mapping[str, Any], member: str) -> str:
    """Whom an item of a list is about."""
    return str(item[member] or "").removeprefix("employee:")
