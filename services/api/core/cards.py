"""What a card asks for, and the card that comes of it once values and targets are read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.api.core.card_documents import card_document, fingerprint
from services.api.core.explanations import explanation_document
from services.api.core.identities import derive_id
from services.api.core.indicators import is_additive
from services.api.core.outcomes import indicators_of
from services.api.core.populations import is_member
from services.api.core.scorecards import score, status_of
from services.api.core.segments import segments_of_employee, segments_of_unit
from services.api.core.stated_values import with_values
from services.api.core.targets import SetTargets, owners_of, targets_in_force
from services.schema.ids import IdKind
from services.schema.shapes.calendars import TargetCalendar
from services.schema.shapes.coverage import Coverage
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.indicators import Explained, Indicator, Value, Wanted
from services.schema.shapes.people import Employee, Subject, Tenant, Unit
from services.schema.shapes.schemes import Item, ItemTarget, Scheme
from services.schema.shapes.scorecards import (
    CardHead,
    ItemInput,
    Scorecard,
    Segment,
    SegmentInput,
    Stated,
)
from services.schema.words import Better, CycleStatus, ScorecardStatus, SubjectKind, TargetKind


@dataclass(frozen=True, slots=True)
class Setting:
    """The company in which cards are computed."""

    tenant: Tenant
    units: Mapping[str, Unit]
    employees: Mapping[str, Employee]
    cycles: tuple[Cycle, ...]
    """All that have a version of their scheme, of the periods in question."""
    schemes: Mapping[tuple[str, int], Scheme]
    indicators: Mapping[str, Indicator]
    calendar: TargetCalendar


@dataclass(frozen=True, slots=True)
class CardPlan:
    """A card that is to be computed, its segments, and what people stated for it."""

    card: Scorecard
    cycle: Cycle
    segments: tuple[Segment, ...]
    stated: Stated = field(default=Stated())


def subjects_of(cycle: Cycle, setting: Setting) -> Iterator[Subject]:
    """Whose cards lie in a cycle: its population, but for who was held by another cycle last."""
    if cycle.population.units is not None:
        for code in sorted(set(cycle.population.units) & setting.units.keys()):
            yield Subject(SubjectKind.UNIT, code)
        return
    for code in members_of(cycle, setting):
        if segments_of_employee(setting.employees[code], cycle, setting.cycles, setting.units):
            yield Subject(SubjectKind.EMPLOYEE, code)


def members_of(cycle: Cycle, setting: Setting) -> list[str]:
    """Who is held by a cycle's population for a day or more, sorted, wherever the card lies."""
    return [
        code
        for code, employee in sorted(setting.employees.items())
        if is_member(cycle.population, employee, cycle.period, setting.units)
    ]


def new_card(cycle: Cycle, subject: Subject, *, tenant: int, at: datetime) -> Scorecard:
    """A card that has yet to be computed."""
    return Scorecard(
        id=derive_id(IdKind.SCORECARD, at, tenant, cycle.code, subject, cycle.revision),
        cycle=cycle.code,
        subject=subject,
        revision=cycle.revision,
        position="",
        unit="",
        status=ScorecardStatus.INCOMPLETE,
        total=None,
        grade=None,
        rank=None,
        document=b"",
        explanation=b"",
        bases=None,
        fingerprint="",
        computed_at=at,
        stale_since=at,
        version=1,
    )


def plan_card(card: Scorecard, cycle: Cycle, setting: Setting) -> CardPlan | None:
    """The segments that a card is computed from; null where its subject no longer belongs."""
    if card.subject.kind is SubjectKind.UNIT:
        return CardPlan(card, cycle, segments_of_unit(card.subject.code, cycle))
    employee = setting.employees.get(card.subject.code)
    if employee is None:
        return None
    segments = segments_of_employee(employee, cycle, setting.cycles, setting.units)
    return CardPlan(card, cycle, segments) if segments else None


def wanted_by(plan: CardPlan, setting: Setting) -> Iterator[Wanted]:
    """Every value that a card asks for."""
    for segment in plan.segments:
        for item in items_in(segment, setting):
            for indicator in indicators_of(item):
                yield _wanted(plan, segment, item, indicator)


def owners_asked(plan: CardPlan, setting: Setting) -> Iterator[tuple[Subject, str]]:
    """Whose targets of which indicators a card may be held against."""
    for segment in plan.segments:
        for item in items_in(segment, setting):
            for indicator in indicators_of(item):
                for owner in owners_of(item.scope, plan.card.subject, segment.unit):
                    yield owner, indicator


def compute_card(
    plan: CardPlan,
    setting: Setting,
    values: Mapping[Wanted, Explained],
    set_targets: SetTargets,
    coverage: Coverage,
    *,
    at: datetime,
) -> Scorecard:
    """The card as its inputs make it; the same card, where they make the same documents.

    When it was computed stays as it is while its fingerprint does: it says since when this holds.
    """
    segments = inputs_of(plan, setting, values, set_targets)
    return write_card(plan, segments, coverage, at=at)


def write_card(
    plan: CardPlan, segments: Sequence[SegmentInput], coverage: Coverage, *, at: datetime
) -> Scorecard:
    """The card that is scored from these segments and from what was stated for it."""
    card, cycle, adjustments = plan.card, plan.cycle, plan.stated.adjustments
    segments = with_values(segments, plan.stated.values)
    scored = score(segments, adjustments)
    status = status_of(cycle.status, scored)
    known_by = fingerprint(cycle.code, card.subject, segments, adjustments)
    same = (known_by, status) == (card.fingerprint, card.status)
    head = CardHead(
        id=card.id,
        cycle=cycle.code,
        subject=card.subject,
        revision=card.revision,
        status=status,
        rank=card.rank,
        coverage=coverage,
        computed_at=card.computed_at if same else at,
        fingerprint=known_by,
    )
    last = plan.segments[-1]
    return replace(
        card,
        position=last.position or "",
        unit=last.unit or "",
        status=status,
        total=scored.total,
        grade=scored.grade,
        document=card_document(head, scored),
        explanation=explanation_document(head, segments, scored),
        fingerprint=known_by,
        computed_at=head.computed_at,
        stale_since=None,
        look_again_at=coverage.look_again_at if cycle.status is CycleStatus.OPEN else None,
    )


def inputs_of(
    plan: CardPlan,
    setting: Setting,
    values: Mapping[Wanted, Explained],
    set_targets: SetTargets,
) -> list[SegmentInput]:
    """What each segment of a card is scored from."""
    return [
        SegmentInput(
            segment=segment,
            scheme=setting.schemes[segment.scheme, segment.scheme_version],
            items={
                item.code: _input(plan, segment, item, setting, values, set_targets)
                for item in items_in(segment, setting)
            },
        )
        for segment in plan.segments
    ]


def items_in(segment: Segment, setting: Setting) -> Iterator[Item]:
    """The items that a segment is scored by, in the order of its scheme."""
    scheme = setting.schemes[segment.scheme, segment.scheme_version]
    for section in scheme.sections:
        yield from section.items


def _wanted(plan: CardPlan, segment: Segment, item: Item, indicator: str) -> Wanted:
    return Wanted(
        indicator=indicator,
        subject=plan.card.subject,
        scope=item.scope,
        period=plan.cycle.period,
        start=segment.start,
        end=segment.end,
    )


def _input(
    plan: CardPlan,
    segment: Segment,
    item: Item,
    setting: Setting,
    values: Mapping[Wanted, Explained],
    set_targets: SetTargets,
) -> ItemInput:
    marks = tuple(mark for mark in plan.stated.marks if mark.item == item.code)
    if item.indicator is None:
        return ItemInput(Value(None, None), {}, Better.HIGHER, marks=marks)

    def measured(asked: Item, indicator: str) -> ItemInput:
        defined = setting.indicators[indicator]
        explained = values[_wanted(plan, segment, item, indicator)]
        targets = targets_in_force(
            asked,
            subject=plan.card.subject,
            segment=segment,
            held_against=(segment,) if explained.formula is not None else plan.segments,
            period=plan.cycle.period,
            set_targets=set_targets,
            additive=is_additive(defined),
            calendar=setting.calendar,
        )
        return ItemInput(explained.value, targets, defined.better, explained)

    own, *others = indicators_of(item)
    given = measured(item, own)
    if not others:
        return replace(given, marks=marks) if marks else given
    # Another indicator of a rubric is held against the target that was set for it.
    stated = ItemTarget(TargetKind.SET)
    beside = {code: measured(replace(item, indicator=code, target=stated), code) for code in others}
    return replace(given, marks=marks, others=beside)
