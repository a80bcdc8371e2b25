"""Short ways to write a card that was tried, and what it is held against."""

from collections.abc import Sequence
from decimal import Decimal

from services.api.core.scorecards import score
from services.schema.shapes.back_tests import Before, Price, Tried
from services.schema.shapes.payouts import Payout
from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import Score, SegmentInput
from services.schema.words import PayPlan, SubjectKind


def before(
    total: str | None,
    grade: str | None = None,
    paid: str | None = None,
    *,
    full_mark: str = "100",
    grades: tuple[str, ...] = ("A", "B", "C"),
    currency: str = "CNY",
) -> Before:
    return Before(
        cycle="past",
        total=None if total is None else Decimal(total),
        full_mark=Decimal(full_mark),
        grade=grade,
        grades=grades,
        paid=None if paid is None else {(PayPlan.GRADE_BONUS, currency): Decimal(paid)},
    )


def tried(
    code: str,
    inputs: Sequence[SegmentInput],
    *,
    was: Before | None = None,
    pay: str | None = None,
    unpaid: str | None = None,
    scored: Score | None = None,
    period: str = "2026-10",
) -> Tried:
    """A person's card; without pay and reason it is priced at nothing."""
    payouts = () if pay is None else (Payout(PayPlan.GRADE_BONUS, Decimal(pay), "CNY", {}),)
    return Tried(
        subject=Subject(SubjectKind.EMPLOYEE, code),
        period=period,
        inputs=tuple(inputs),
        score=scored or score(inputs),
        price=Price(None, unpaid) if unpaid else Price(payouts, None),
        before=was,
    )
