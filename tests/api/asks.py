"""What each operation is asked, where its path does not say it: a query or a body that is good.

So what is refused is refused for who asks, and what is allowed is done, or refused by a named rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.api.appraisals import scheme
from tests.api.companies import Json
from tests.api.watching import CASE, STANDARD, SURVEY

ABSENT = "nothing_is_called_so"


@dataclass(frozen=True)
class Ask:
    """One operation's query or body; `{}` stands for the id of whom or what it is about.

    `{self}` is who asks, `{proposed}` the result on which a rule proposes something for them.
    """

    kind: str | None = None
    query: str = ""
    body: Json = None
    listed: str | None = None
    """Of a list, the member of an item that names the employee, unit, shop or cycle."""
    by: Mapping[str, Json] = field(default_factory=dict)
    """Other bodies by the relation to whom it is about."""
    stages: tuple[str, ...] = ("open", "published")
    """Of an operation about a scorecard: the cycles that it is asked in."""
    ruled: Mapping[str, str] = field(default_factory=dict)
    """The 409 of a rule of its own by `caller relation stage`, `*` for any: it was let so far."""


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
_NEW = {"zh": "新", "en": "new"}
_SHOP = {"name": "new", "timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
_ORDER = {
    "source": "erp", "id": "new", "shop": "s-a", "status": "unpaid", "currency": "CNY",
    "created_at": "2026-01-05T00:00:00Z", "modified_at": "2026-01-05T00:00:00Z",
}  # fmt: skip
_VALUE = {
    "indicator": "attendance_faults", "subject": "employee:e-mate", "period": "2026-01",
    "value": "1", "source": "hr", "note": "the matrix",
}  # fmt: skip
_LADDER: Json = {
    "name": _NEW,
    "positions": [],
    "levels": [
        {
            "code": "gold",
            "name": _NEW,
            "criteria": [{"code": "helps", "name": _NEW, "behaviour": "helps", "months": 1}],
        },
        {"code": "bronze", "name": _NEW, "criteria": []},
    ],
    "note": None,
}
_ANSWERS = [{"question": "speed", "mark": 3}]
_JUDGED = ("judged", "published")
_OVER = {"* * published": "cycle_not_open"}
_PERIOD = "period=2026-01&subject=employee:{}"
ASKS: Mapping[str, Ask] = {
    "POST /v1/facts/{kind}": Ask(body=[_ORDER]),
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
    "PUT /v1/mappings/{code}": Ask(
        body={"name": _NAME, "kind": "traffic", "fields": {"day": {"column": "day"}}}
    ),
    "POST /v1/feeds/{id}/backfill": Ask("pulled", body={"from": "2026-01-01", "to": "2026-01-02"}),
    "PUT /v1/tenant": Ask(
        body={
            "name": "new",
            "currency": "CNY",
            "timezone": "Asia/Shanghai",
            "week_start": "monday",
            "fiscal_start": "01-01",
        }
    ),
    "PUT /v1/shops/{code}": Ask(body=_SHOP),
    "PUT /v1/measures/{code}": Ask(body={"name": _NEW, "unit": "count"}),
    "PUT /v1/indicators/{code}": Ask(
        body={"name": _NEW, "formula": "paid_amount", "unit": "money", "better": "higher"}
    ),
    "PUT /v1/target-calendar": Ask(
        body={"stretches": [{"from": "2026-11-11", "to": "2026-11-12", "weight": "8"}]}
    ),
    "PUT /v1/schemes/{code}": Ask(body=scheme(note="the matrix")),
    "POST /v1/schemes/{code}/back-test": Ask(body={"periods": ["2026-01"]}),
    "POST /v1/cycles": Ask(
        body={
            "code": "new",
            "scheme": "mine",
            "period": "2026-02",
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
    "POST /v1/units/batch": Ask(body=[{"code": "new", "name": "new"}]),
    "POST /v1/employees/batch": Ask(body=[{"code": "new", "name": "new"}]),
    "POST /v1/shops/batch": Ask(body=[{"code": "new", **_SHOP}]),
    "GET /v1/targets": Ask("employee", "subject=employee:{}", listed="subject"),
    "PUT /v1/targets": Ask("employee", body=[_target(value="7", reason="the matrix")]),
    "POST /v1/targets/break-down": Ask("employee", body=_target(into="months", period="2026-Q1")),
    "GET /v1/target-plans": Ask("employee", "subject=employee:{}", listed="subject"),
    "PUT /v1/target-plans": Ask("employee", body=_target(mode="scale", actions=[], revision=1)),
    "POST /v1/target-plans/reports": Ask("employee", body=_target(action="call", state="do")),
    "GET /v1/targets/differences": Ask("employee", f"{_PERIOD}&indicator=net_sales"),
    "GET /v1/targets/proposal": Ask("employee", f"{_PERIOD}&indicator=net_sales"),
    "GET /v1/indicators/{code}/values": Ask("employee", _PERIOD),
    "GET /v1/diagnosis/sales": Ask("employee", _PERIOD),
    "POST /v1/indicators/values": Ask(body=[_VALUE]),
    "POST /v1/keys": Ask(body={"role": "hr"}),
    "POST /v1/tokens/revocations": Ask(body={"subject": "u-1", "reason": "why"}),
    "PUT /v1/standards/{code}": Ask(body=STANDARD),
    "GET /v1/alerts": Ask("employee", "subject=employee:{}", listed="subject"),
    "POST /v1/alerts/{id}/acknowledgement": Ask(body={"note": "why"}),
    "POST /v1/alerts/{id}/closure": Ask(body={"note": "why"}),
    "POST /v1/webhooks": Ask(body={"url": "https://hooks.example/", "events": ["cycle.moved"]}),
    "POST /v1/webhooks/{id}/enable": Ask("disabled"),
    "POST /v1/webhooks/{id}/rotate": Ask(body={"overlap_seconds": 60}),
    "PUT /v1/surveys/{code}": Ask(body=SURVEY | {"closes_on": "2098-01-01"}),
    "POST /v1/surveys/{code}/invitations": Ask(body={"respondents": ["b-2"]}),
    "POST /v1/surveys/{code}/answers": Ask(
        "answered",
        body={"respondent": "b-1", "answers": _ANSWERS},
        by={"own": {"respondent": "{self}", "answers": _ANSWERS}},
        ruled={"lead other *": "not_your_answer", "employee other *": "not_your_answer"},
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
        body={"cycle": "agreed", "number": 1, "state": "done", "note": "why"}
    ),
    "GET /v1/scorecards": Ask("employee", "employee={}", listed="subject"),
    "GET /v1/results": Ask("employee", "employee={}", listed="subject"),
    "POST /v1/scorecards/{id}/payouts": Ask(body={"amount": "1", "reason": "why"}, ruled=_OVER),
    "POST /v1/scorecards/{id}/raters": Ask(
        body={"role": "peer", "employee": "e-rival"}, ruled=_OVER
    ),
    "POST /v1/scorecards/{id}/adjustments": Ask(
        body={"points": "1", "reason": "why"}, stages=_JUDGED, ruled=_OVER
    ),
    "POST /v1/scorecards/{id}/ratings": Ask(
        body={"item": "peers", "role": "customer", "mark": "75", "rater": "b-1"},
        by={
            "own": {"item": "team", "role": "self", "mark": "80"},
            "team": {"item": "team", "role": "manager", "mark": "80"},
        },
        stages=_JUDGED,
        ruled=_OVER,
    ),
    "POST /v1/scorecards/{id}/reviews": Ask(
        body={"decision": "approve"},
        by={"own": {"decision": "submit"}},
        stages=("reviewed", "published"),
        ruled={"* * published": "cycle_not_in_review"},
    ),
    "POST /v1/scorecards/{id}/interview": Ask(
        "interviewed", body={"remarks": "seen"}, ruled={"* * open": "not_published"}
    ),
    "POST /v1/scorecards/{id}/disputes": Ask(
        body={"line": "orders", "reason": "why"}, ruled={"* * open": "not_contestable"}
    ),
    "POST /v1/cycles/{code}/calibration": Ask(
        "calibrated", body={"moves": [{"scorecard": "{}", "grade": "A", "reason": "why"}]}
    ),
    "PUT /v1/use-rules/{code}": Ask(body=_WARNING),
    "GET /v1/uses": Ask("employee", "employee={}"),
    "POST /v1/uses/decisions": Ask(
        "employee",
        body={
            "rule": "w",
            "employee": "{}",
            "result": "{proposed}",
            "accept": True,
            "reason": "why",
        },
    ),
    "POST /v1/payroll/acknowledgements": Ask(body={"through": 1}),
    "GET /v1/scorecards/{id}/change": Ask(query="against=closed"),
    "GET /v1/payroll/export": Ask("published", "cycle={}"),
    "PUT /v1/ladders/{code}": Ask(body=_LADDER),
    "POST /v1/ladders": Ask(body={"code": "new", "template": "service_agent"}),
    "GET /v1/ladders/{code}/observations": Ask("employee", "employee={}", listed="employee"),
    "POST /v1/ladders/{code}/observations": Ask("employee", body=[_OBSERVED]),
    "GET /v1/ladders/{code}/assessments": Ask("employee", "employee={}", listed="employee"),
    "POST /v1/ladders/{code}/assessments": Ask(body={"month": "2025-12", "employees": None}),
    "POST /v1/schemes/{code}/reviews": Ask(body={"comment": "the matrix"}),
    "POST /v1/schemes": Ask(body={"code": "new", "template": "traffic_manager"}),
    "POST /v1/cycles/{code}/moves": Ask(
        body={"to": "open", "reason": "why"}, ruled={"* * back": "move_not_allowed"}
    ),
    "POST /v1/late-facts/{id}/decision": Ask(body={"decision": "rejected", "reason": "why"}),
}
