"""Documents of pay, of levels and of changes of sales, for `written` to keep."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from services.api.core.level_documents import AssessedHead, assessed_content, assessment_document
from services.api.core.payouts import inputs_document
from services.api.core.sales_change_documents import sales_change_document
from services.schema.shapes.indicators import Value
from services.schema.shapes.levels import LevelInForce
from services.schema.shapes.payouts import PayAdjustment, Payout
from services.schema.shapes.people import Subject
from services.schema.words import NoValue, Scope, SubjectKind
from tests.api.core.ladders import AT, person, service_agent
from tests.api.core.paying import basis, earned, paid
from tests.api.core.scoring import Document
from tests.api.core.test_sales_changes import CASES, Counts, split

Documents = dict[str, Any]

NOTHING = Value(None, NoValue.NO_ROWS)
SOLD: tuple[str | Value, ...] = ("1234.56", "999.99", "-5", "0", NOTHING)
BANDS = [{"from": "0", "rate": "0.01"}, {"from": "1000", "rate": "0.0233"}]
LEADER: Document = {
    "plan": "leader_mean",
    "task": "1.1",
    "business": {"item": "a"},
    "staffing": {"of": "grade"},
}
CAPACITY: Document = {"plan": "leader_capacity", "indicator": "sales", "incentive": {"of": "score"}}
LEVELS: Document = {
    "plan": "level_allowance",
    "ladder": "agent",
    "amounts": [{"level": "gold", "amount": "500.5"}, {"level": "silver", "amount": "300"}],
}
GIVEN = (
    PayAdjustment("adj_1", Decimal("12.5"), "helped", "boss", AT, None),
    PayAdjustment("adj_2", Decimal("-12.5"), "mistaken", "hr", AT, "adj_1"),
    PayAdjustment("adj_3", Decimal(-3), "late", "boss", datetime(2026, 11, 3, tzinfo=UTC), None),
)


def payouts() -> Documents:
    made: dict[str, Payout] = {}
    for of in (None, "grade", "score"):
        for sold in SOLD:
            plan: Document = {
                "plan": "commission",
                "indicator": "sales",
                "bands": BANDS,
                "coefficient": of,
            }
            told = sold if isinstance(sold, str) else "nothing"
            made[f"commission by {of} on {told}"] = paid(plan, basis(bases={"sales": sold}))
    for currency in ("CNY", "JPY"):
        three = earned(e_1="100", e_2="250", e_3="0")
        made[f"leader in {currency}"] = paid(LEADER, members=three, currency=currency)
    made["leader of nobody"] = paid(LEADER)
    teams: dict[str, dict[str, str | Value]] = {}
    teams["sales"] = {"unit:u-1": "1000.5", "employee:e-2": "-3", "employee:e-1": NOTHING}
    made["leader by capacity"] = paid(CAPACITY, basis(outputs=teams))
    made["leader of a loss"] = paid(CAPACITY, basis(outputs={"sales": {"unit:u-1": "-1"}}))
    for total in ("95", "80", "10"):
        made[f"grade bonus of {total}"] = paid({"plan": "grade_bonus", "base": "333"}, total=total)
    for level in ("gold", "silver", "bronze", None):
        held = LevelInForce(level, 2, "2026-10", 3, "sha256:" + "0" * 64)
        made[f"allowance of {level}"] = paid(LEVELS, basis(levels={"agent": held}))
    made["allowance of the unassessed"] = paid(LEVELS, basis(levels={"agent": None}))
    made["adjustment"] = paid({"plan": "adjustment"}, adjustments=GIVEN)
    return {name: _payout(each) for name, each in made.items()}


def _payout(payout: Payout) -> Documents:
    inputs = json.loads(inputs_document(payout))
    return {"plan": payout.plan, "amount": str(payout.amount), "inputs": inputs}


def assessments() -> Documents:
    """Of someone who just is gold, of someone whom some criteria keep from it, of nobody known."""
    people: dict[str, tuple[dict[str, str | None], dict[str, bool | None]]] = {
        "gold": ({}, {}),
        "silver": ({"sales": "0.7", "average_response": "35"}, {}),
        "none": (dict.fromkeys(("sales", "attendance", "service_slips")), {}),
    }
    ladder = service_agent()
    unseen = {each.behaviour: None for each in ladder.levels[0].criteria if each.behaviour}
    people["unseen"] = ({}, dict(unseen))
    people["refused"] = ({}, dict.fromkeys(unseen, False))
    head = AssessedHead("service", 3, "e-1", "2026-10", "5f2d")
    return {
        name: json.loads(
            assessment_document(
                assessed_content(head, person(ladder, figures, unseen)),
                revision=2,
                by="key:hr",
                at=AT,
            )
        )
        for name, (figures, unseen) in people.items()
    }


def sales_changes() -> Documents:
    shop = Subject(SubjectKind.SHOP, "a")
    nothing: Counts = (None, None, None)
    one: Counts = ("1", "1", "1")
    cases = [(before, after) for before, after, _ in CASES]
    return {
        f"{before} to {after}": sales_change_document(
            shop, Scope.OWN, split(before, after), currency="CNY", places=2
        )
        for before, after in [*cases, (nothing, one), (one, nothing), (nothing, nothing)]
    }
