"""Disputes: what may be contested when and by whom, and what a card is if one is upheld.

What upholding means (`docs/decisions/0012-what-upholding-a-dispute-means.md`): a line has the value
that HR states and a fact counts for the card as it was contested, in every revision from then on; a
rating is withdrawn, as if its rater had not rated in that role, or has the mark that HR states.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from services.api.core.raters import NAMED, newest
from services.api.core.told_cards import ToldCard, ToldLine
from services.schema.errors import Closed, Conflict, Fault, Forbidden
from services.schema.money import AMOUNT_PLACES, places_of
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.disputes import (
    ChangedFact,
    ClaimedValue,
    Dispute,
    FactChange,
    StatedDispute,
)
from services.schema.shapes.ratings import KeptRating
from services.schema.shapes.scorecards import Mark, Stated, StatedValue
from services.schema.words import CycleStatus, DisputeAbout, FactKind

APPEAL_DAYS = 7
"""After the day of a result, on which it may be contested, where its scheme says nothing else."""
MOST_DISPUTES = 50
"""Of one card."""
_CONTESTED = frozenset({CycleStatus.CLOSED, CycleStatus.REVIEW, CycleStatus.PUBLISHED})
_BETWEEN = frozenset({CycleStatus.CALIBRATION, CycleStatus.APPROVED})
# What of a fact may be said to be otherwise: the rest of it names nobody, or has no amount.
_WITH_AMOUNT = frozenset({FactKind.ORDERS, FactKind.REFUNDS, FactKind.MEASURES})
_WITH_PERSON = frozenset({FactKind.ORDERS, FactKind.RATINGS, FactKind.CHATS, FactKind.MEASURES})


def check_in_time(
    cycle: Cycle, published_on: date | None, today: date, *, appeal_days: int | None = None
) -> None:
    """A card is contested once data are closed until review ends, and so many days of a result.

    While it is calibrated and approved nothing changes; what is published then may be contested.
    """
    if cycle.status not in _CONTESTED:
        detail = (
            f"{cycle.code} is {cycle.status}; a card is contested in review and when published."
        )
        raise Closed("not_contestable", detail)
    if published_on is None:
        return
    last = published_on + timedelta(days=APPEAL_DAYS if appeal_days is None else appeal_days)
    if today > last:
        raise Closed("appeal_over", f"The result could be contested until {last.isoformat()}.")


def check_stated(
    stated: StatedDispute,
    card: ToldCard,
    ratings: Collection[KeptRating],
    earlier: Sequence[Dispute],
) -> None:
    """What is contested must be of the card, and not contested already."""
    if len(earlier) >= MOST_DISPUTES:
        raise Conflict("too_many_disputes", f"A card has at most {MOST_DISPUTES} disputes.")
    match stated.about:
        case DisputeAbout.FACT:
            fact_contested(stated)
            for at, claim in enumerate(stated.claims):
                line_contested(card, claim.item, claim.segment, place=f"/values/{at}/item")
        case DisputeAbout.LINE:
            line_contested(card, stated.named, stated.segment, place="/line")
        case DisputeAbout.RATING:
            rating_contested(stated.named, ratings)
    open_ones = (each.stated for each in earlier if each.decision is None)
    own = (stated.about, stated.named, stated.segment)
    if own in {(each.about, each.named, each.segment) for each in open_ones}:
        raise Conflict("already_contested", "It is contested already and waits for a decision.")


def fact_contested(stated: StatedDispute) -> ChangedFact:
    """The fact that is meant, as it should count; refuses what a fact of its kind has not."""
    kind, _, rest = stated.named.partition("/")
    source, _, fact = rest.partition("/")
    if kind not in set(FactKind) or not source or not fact:
        detail = "A fact is named by kind, source and id: orders/erp/SO-1."
        raise _refused("/fact", "fact_unreadable", detail)
    found = ChangedFact(FactKind(kind), source, fact, stated.change or FactChange())
    if found.change.amount is not None:
        _check_amount(found.kind, found.change.amount, "/amount")
    if found.change.salesperson is not None and found.kind not in _WITH_PERSON:
        detail = f"Of {kind} nobody is contested; a refund is of whom its order is."
        raise _refused("/salesperson", "change_unfit", detail)
    return found


def line_contested(card: ToldCard, item: str, segment: int | None, *, place: str) -> ToldLine:
    """The line of a card that is meant; people's ratings are contested one by one instead."""
    found = [
        line
        for line in card.each_line()
        if line.item.code == item and segment in {None, line.segment}
    ]
    if not found:
        raise _refused(place, "line_unknown", f"The card has no line {item}.")
    if len(found) > 1:
        detail = f"{item} stands in {len(found)} segments; say in which."
        raise _refused("/segment", "segment_expected", detail)
    (line,) = found
    if line.item.indicator is None:
        detail = f"People rate {item}: contest a rating, not the line."
        raise _refused(place, "line_is_rated", detail)
    return line


def rating_contested(id: str, ratings: Collection[KeptRating]) -> KeptRating:
    """The rating that is meant; who gave the unnamed ones is not to be found out this way."""
    found = next((each for each in newest(ratings) if id in {each.id, each.replaces}), None)
    if found is None or found.stated.role not in NAMED:
        detail = "No rating of this card that holds and names its rater has this id."
        raise _refused("/rating", "rating_unknown", detail)
    return found


def stated_if_upheld(
    dispute: Dispute, stated: Stated, ratings: Collection[KeptRating], value: Decimal | None
) -> Stated | None:
    """What would be stated for a card if a dispute were upheld; null where nobody says how much.

    `value` is HR's; without it that which is claimed.
    """
    contested = dispute.stated
    claims = tuple(each for each in contested.claims if each.holds)
    match contested.about:
        case DisputeAbout.RATING:
            kept = rating_contested(contested.named, ratings)
            mark = claims[0].value if value is None and claims else value
            marks = (
                each if each != kept.stated or mark is None else each.restated(mark, each.stated_at)
                for each in stated.marks
                if each != kept.stated or mark is not None
            )
            return replace(stated, marks=tuple(marks))
        case DisputeAbout.FACT if contested.change is not None:
            return replace(stated, facts=(*stated.facts, fact_contested(contested)))
        case DisputeAbout.LINE if value is not None:
            claims = (ClaimedValue(contested.named, contested.segment, value),)
        case _:
            pass
    if not claims:
        return None
    values = (StatedValue(each.item, each.segment, each.value, None) for each in claims)
    return replace(stated, values=(*stated.values, *values))


def check_decides(dispute: Dispute, cycle: Cycle, *, uphold: bool, value: Decimal | None) -> None:
    """Whether a dispute can be decided so, and now."""
    if dispute.decision is not None:
        raise Conflict("already_decided", "It was decided before.")
    if cycle.status in _BETWEEN:
        detail = f"{cycle.code} is {cycle.status}; open it again, or decide once it is published."
        raise Closed("cycle_between", detail)
    if value is not None and not (uphold and _takes_value(dispute.stated)):
        detail = "A value is that of an upheld line, rating, or amount of a fact."
        raise _refused("/value", "value_unexpected", detail)
    if not uphold:
        return
    if value is not None and dispute.stated.about is DisputeAbout.FACT:
        _check_amount(fact_contested(dispute.stated).kind, value, "/value")
    is_rating = dispute.stated.about is DisputeAbout.RATING
    if value is None and (
        dispute.stated.about is DisputeAbout.LINE or (is_rating and dispute.stated.claims)
    ):
        detail = f"Upholding a {dispute.stated.about} of which a value is claimed states its value."
        raise _refused("/value", "value_expected", detail)
    says = dispute.stated.change is not None or any(each.holds for each in dispute.stated.claims)
    if dispute.stated.about is DisputeAbout.FACT and not says:
        detail = "It does not say how the fact should count: have it filed anew."
        raise Conflict("change_expected", detail)


def _takes_value(stated: StatedDispute) -> bool:
    if stated.about is DisputeAbout.FACT:
        return stated.change is not None and stated.change.amount is not None
    return True


def check_disinterested(
    dispute: Dispute, person: str, contested: Mark | None, *, is_own: bool
) -> None:
    """Nobody decides of a dispute that concerns them: their own card, or a mark that they gave."""
    if is_own or person == dispute.person:
        raise Forbidden("own_dispute", "Nobody decides of a dispute of their own.")
    if contested is not None and contested.rater == person:
        raise Forbidden("own_rating", "Nobody decides of a mark that they gave.")


def faults_of_open(disputes: Sequence[Dispute]) -> list[Fault]:
    """Disputes that keep a cycle in review."""
    return [
        Fault(f"/disputes/{each.id}", "dispute_open", f"{each.subject} contests the card.")
        for each in disputes
    ]


def _check_amount(kind: FactKind, amount: Decimal, place: str) -> None:
    """An amount that a fact of the kind can have, as its source would state it."""
    if kind not in _WITH_AMOUNT:
        raise _refused(place, "change_unfit", f"Of {kind} no amount is contested.")
    if amount < 0 and kind is not FactKind.MEASURES:
        raise _refused(place, "amount_negative", "It cannot be below zero.")
    if places_of(amount) > AMOUNT_PLACES:
        detail = f"Amounts of facts have up to {AMOUNT_PLACES} decimals."
        raise _refused(place, "too_many_decimals", detail)


def _refused(pointer: str, code: str, detail: str) -> Conflict:
    return Conflict(code, detail, [Fault(pointer, code, detail)])
