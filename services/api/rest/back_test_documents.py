"""How the result of a back-test is written; `docs/back-tests.md` is for who reads it."""

from typing import Annotated, Literal

from pydantic import Field

from services.door.wire import Code, Currency, DecimalText, Model
from services.schema.shapes.back_tests import Whom
from services.schema.words import Of, PayPlan, TargetLevel, Unforced


class TriedPopulationDocument(Model):
    """Whom a period was tried on, and by which cycles that is known."""

    from_: Annotated[Whom, Field(alias="from")]
    cycles: list[Code]


class TriedQuotaDocument(Model):
    """What a population may have of a grade, and what it had before and by the draft."""

    grade: str
    quota: int | None
    """Null where grades are not forced."""
    before: int
    scorecards: int


class TriedQuotasDocument(Model):
    """A population whose grades the draft's quotas would give, or why they would not."""

    population: str
    people: int
    unforced: Unforced | None
    ties: int
    grades: list[TriedQuotaDocument]


class TriedQuantileDocument(Model):
    """The least total that so many percent of the cards do not exceed; somebody has it."""

    percent: DecimalText
    total: DecimalText | None


class TriedBinDocument(Model):
    """A stretch of totals, a twentieth of the full mark, and how many cards lie in it."""

    from_: Annotated[DecimalText, Field(alias="from")]
    below: DecimalText | None
    """Null: the last stretch has no end."""
    scorecards: int
    before: int
    """Of the cards that are there, on the draft's scale."""


class TriedTotalsDocument(Model):
    """How totals are distributed."""

    mean: DecimalText | None
    lowest: DecimalText | None
    quantiles: list[TriedQuantileDocument]
    highest: DecimalText | None
    histogram: list[TriedBinDocument]


class TriedGradeDocument(Model):
    """How many have a grade, and had it before."""

    grade: str
    from_: Annotated[DecimalText | None, Field(alias="from")]
    """Null of a grade that the draft does not know."""
    scorecards: int
    share: DecimalText
    before: int
    just_below: int
    """Totals within a hundredth of the full mark short of its band."""


class TriedPlanDocument(Model):
    """What a plan would cost, and what payroll has heard of it."""

    plan: PayPlan | None
    currency: Currency
    draft: DecimalText
    paid: DecimalText
    difference: DecimalText


class UnpricedDocument(Model):
    """Why some people could not be priced, by the code of the refusal."""

    code: str
    people: int


class TriedPayDocument(Model):
    """What the draft would cost."""

    currency: Currency
    draft: DecimalText
    paid: DecimalText
    difference: DecimalText
    plans: list[TriedPlanDocument]
    people: int
    people_priced: int
    people_paid: int
    unpriced: list[UnpricedDocument]


class TriedDirectionDocument(Model):
    """How many go up and down."""

    up: int
    down: int
    same: int
    unknown: int


class TriedPayDirectionDocument(TriedDirectionDocument):
    """The same of pay, and what is gained and lost in money."""

    gained: DecimalText
    lost: DecimalText


class TriedMoveDocument(Model):
    """Somebody's card as it is and by the draft."""

    subject: str
    period: str
    cycle: Code
    total_before: DecimalText | None
    total: DecimalText | None
    grade_before: str | None
    grade: str | None
    pay_before: DecimalText | None
    pay: DecimalText | None
    difference: DecimalText | None


class TriedMovesDocument(Model):
    """Who moves against the card that is there."""

    compared: int
    without_card: int
    totals: TriedDirectionDocument
    grades: TriedDirectionDocument
    pay: TriedPayDirectionDocument
    winners: int
    losers: int
    winners_named: list[TriedMoveDocument]
    losers_named: list[TriedMoveDocument]


class CloseByDocument(Model):
    """How many stand short of a figure by no more than so many percent."""

    percent: DecimalText
    scorecards: int


class CliffDocument(Model):
    """A figure at which an item's score jumps, and who stands just short of it."""

    section: Code
    item: Code
    of: Of
    level: TargetLevel | None
    at: DecimalText
    reached_from: Literal["below", "above"]
    within: list[CloseByDocument]
    """Empty where occurrences are counted."""
    one_more: int | None
    """Who has one occurrence more; null where none are counted."""
    least_gain: DecimalText | None
    most_gain: DecimalText | None


class TriedStepDocument(Model):
    """How many lines a step gave their score."""

    step: str
    lines: int


class TriedItemDocument(Model):
    """What became of an item's lines."""

    section: Code
    item: Code
    indicator: str | None
    lines: int
    no_data: int
    no_target: int
    scored: int
    full_mark_reached: int
    held_against_target: int
    target_reached: int
    steps: list[TriedStepDocument]


class TriedFiguresDocument(Model):
    """Everything that is told of all periods together."""

    scorecards: int
    complete: int
    incomplete: int
    incomplete_share: DecimalText
    totals: TriedTotalsDocument
    grades: list[TriedGradeDocument]
    pay: TriedPayDocument
    moves: TriedMovesDocument
    cliffs: list[CliffDocument]
    items: list[TriedItemDocument]
    nobody_reached: list[Code]
    everybody_reached: list[Code]
    without_data: list[Code]


class TriedPeriodDocument(TriedFiguresDocument):
    """The same of a period, with whom it was tried on."""

    period: str
    population: TriedPopulationDocument
    quotas: list[TriedQuotasDocument]


class BackTestResult(Model):
    """What a draft would have come to."""

    scheme: Code
    full_mark: DecimalText
    currency: Currency
    grades_by: Literal["distribution", "bands"]
    periods: list[TriedPeriodDocument]
    all: TriedFiguresDocument


class BackTestRefusal(Model):
    """Why a back-test came to nothing."""

    code: str
    detail: str
