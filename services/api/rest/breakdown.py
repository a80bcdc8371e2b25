"""REST of targets broken down: parts set, compared with their whole, proposed by the past."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import ConfigDict, Field

from services.api.auth import view_of
from services.api.core.target_weights import USUAL_PERIODS, make_weighing
from services.api.flows.breakdown import break_down, compare_targets, propose_target
from services.api.rest.indicators import seen_subject
from services.door.pages import Listed
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import (
    Code,
    DecimalText,
    FormulaCode,
    GrowthIn,
    Model,
    PastIn,
    PeriodCode,
    SubjectText,
    at_most,
)
from services.schema.money import plain
from services.schema.shapes.people import parse_subject
from services.schema.shapes.targets import Basis, Compared, PartsOfTarget
from services.schema.words import NoValue, Parts, Scope, TargetLevel

router = new_router()

MOST_PERIODS = 24
MOST_WEIGHTS = 10_000
Periods = Annotated[int, Field(ge=1, le=MOST_PERIODS)]
ScopeIn = Literal["own", "shops"]


class BreakDownIn(Model):
    """Which target to break down, and by what its parts are weighed.

    `equal` (the default), `weights` (the default where some are given; parts that they leave out
    keep the target they have), `calendar` (quarters and months, by the target calendar),
    `last_year` (what each part had a year before) or `last_periods` (the mean of the `periods`
    before, 3 unless stated). Beside history, `weights` stand for the past of a part without one.
    """

    subject: SubjectText
    indicator: FormulaCode
    period: PeriodCode
    into: Annotated[Parts, Field(strict=False)]
    by: Annotated[Basis, Field(strict=False)] | None = None
    weights: (
        Annotated[
            dict[Code, PastIn],
            Field(min_length=1, max_length=MOST_WEIGHTS),
            at_most(MOST_WEIGHTS),
        ]
        | None
    ) = None
    periods: Periods | None = None
    scope: ScopeIn | None = None
    """Whose measures history counts."""


class DifferenceQuery(Model):
    """Which target to hold against which parts; without `into` all that have a target."""

    # A query is text: its words are read from it.
    model_config = ConfigDict(strict=False)

    subject: SubjectText
    indicator: FormulaCode
    period: PeriodCode
    into: Parts | None = None


class ProposalQuery(Model):
    """For which subject, indicator and period the past proposes a target."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    subject: SubjectText
    indicator: FormulaCode
    period: PeriodCode
    by: Literal["last_year", "last_periods"] = "last_year"
    periods: Periods = USUAL_PERIODS
    growth: GrowthIn = Decimal(0)
    """How much more: `0.1` is ten percent."""
    scope: ScopeIn | None = None


class PartDocument(Model):
    """A part, and its target in force."""

    subject: SubjectText
    period: PeriodCode
    value: DecimalText | None


class DifferenceLevelDocument(Model):
    """The parts of one level beside their whole; `difference` is what no part has."""

    level: TargetLevel
    whole: DecimalText | None
    """Null where parts have a target and the whole has none."""
    sum: DecimalText
    difference: DecimalText | None
    parts: list[PartDocument]

    @classmethod
    def from_shape(cls, level: PartsOfTarget) -> "DifferenceLevelDocument":
        return cls(
            level=level.level,
            whole=_text(level.whole),
            sum=plain(level.sum),
            difference=_text(level.difference),
            parts=[
                PartDocument(subject=str(subject), period=period, value=_text(value))
                for subject, period, value in level.parts
            ],
        )


class DifferenceDocument(Model):
    """A target and its parts of one kind, level by level."""

    subject: SubjectText
    indicator: FormulaCode
    period: PeriodCode
    into: Parts
    complete: bool
    """Whether these are all parts; the sums are of the parts that the caller sees."""
    levels: list[DifferenceLevelDocument]


class BreakDownAnswer(DifferenceDocument):
    """The same after a break-down, with what the parts weighed."""

    by: Basis
    weights: dict[Code, DecimalText]


class PastDocument(Model):
    """What a period had, or why it has nothing."""

    period: PeriodCode
    value: DecimalText | None
    reason: NoValue | None


class TargetProposalDocument(Model):
    """A target that nobody has set: `base` is what a past period had, `value` is with growth."""

    subject: SubjectText
    indicator: FormulaCode
    period: PeriodCode
    past: list[PastDocument]
    base: DecimalText | None
    growth: DecimalText
    value: DecimalText | None


@router.post("/v1/targets/break-down")
async def post_break_down(wanted: BreakDownIn, caller: Asking, session: Writing) -> BreakDownAnswer:
    """Set the parts of a target so that they sum to it exactly, each level by itself.

    `quarters` and `months` are those the period is made of; `units` those directly below the unit,
    or the topmost of the company; `employees` those who work for a day of the period in the unit
    with all below, or answer for the shop; `shops` those that these people answer for. The weights
    of the answer, sent back, give the same parts again.
    """
    scope = None if wanted.scope is None else Scope(wanted.scope)
    weighing = make_weighing(wanted.by, wanted.weights, wanted.periods, scope)
    at = datetime.now(UTC)
    broken = await break_down(
        session,
        (parse_subject(wanted.subject), wanted.period),
        wanted.indicator,
        into=wanted.into,
        weighing=weighing,
        view=await view_of(session, caller, at),
        caller=caller,
        at=at,
    )
    return BreakDownAnswer(
        **_difference(wanted, broken.compared),
        by=broken.by,
        weights={name: plain(weight) for name, weight in broken.weights.items()},
    )


@router.get("/v1/targets/differences")
async def list_differences(
    asked: Annotated[DifferenceQuery, Query()], caller: Asking, session: Reading
) -> Listed[DifferenceDocument]:
    """A target beside the sum of its parts, level by level, and what they differ by."""
    subject = await seen_subject(session, asked.subject, caller)
    found = await compare_targets(
        session,
        (subject, asked.period),
        asked.indicator,
        into=asked.into,
        view=await view_of(session, caller, datetime.now(UTC)),
    )
    items = [DifferenceDocument(**_difference(asked, compared)) for compared in found]
    return Listed(items=items, total=len(items), next_cursor=None)


@router.get("/v1/targets/proposal")
async def get_proposal(
    asked: Annotated[ProposalQuery, Query()], caller: Asking, session: Reading
) -> TargetProposalDocument:
    """What the past proposes as a target: last year's value, or the mean of the last periods."""
    proposed = await propose_target(
        session,
        (await seen_subject(session, asked.subject, caller), asked.period),
        asked.indicator,
        by=Basis(asked.by),
        periods=asked.periods,
        growth=asked.growth,
        scope=None if asked.scope is None else Scope(asked.scope),
    )
    return TargetProposalDocument(
        subject=asked.subject,
        indicator=asked.indicator,
        period=asked.period,
        past=[
            PastDocument(period=period, value=_text(value.value), reason=value.reason)
            for period, value in proposed.past
        ],
        base=_text(proposed.base),
        growth=plain(asked.growth),
        value=_text(proposed.value),
    )


def _difference(asked: BreakDownIn | DifferenceQuery, compared: Compared) -> dict[str, Any]:
    return {
        "subject": asked.subject,
        "indicator": asked.indicator,
        "period": asked.period,
        "into": compared.into,
        "complete": compared.complete,
        "levels": [DifferenceLevelDocument.from_shape(level) for level in compared.levels],
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
