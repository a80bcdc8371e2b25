"""Disputes: what may be contested when and by whom, and what a card is if one is upheld.

What upholding means (`docs/decisions/0012-what-upholding-a-dispute-means.md`): a line has the value
that HR states, in every revision from then on; a rating is withdrawn, as if its rater had not rated
in that role; for a fact the cycle is opened again, so that it counts as its source and the ledger
of exclusions say it does.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from services.api.core.raters import NAMED, newest
from services.api.core.told_cards import ToldCard, ToldLine
from services.schema.errors import Closed, Conflict, Fault, Forbidden
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.disputes import ClaimedValue, Dispute, StatedDispute
from services.schema.shapes.ratings import KeptRating
from services.schema.shapes.scorecards import Mark, Stated, StatedValue
from services.schema.words import CycleStatus, DisputeAbout, FactKind

APPEAL_DAYS = 7
"""After the day of a result, on which it may be contested."""
MOST_DISPUTES = 50
"""Of one card."""
_CONTESTED = frozenset({CycleStatus.CLOSED, CycleStatus.REVIEW, CycleStatus.PUBLISHED})
_BETWEEN = frozenset({CycleStatus.CALIBRATION, CycleStatus.APPROVED})


def check_in_time(cycle: Cycle, published_on: date | None, today: date) -> None:
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
    last = published_on + timedelta(days=APPEAL_DAYS)
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
            _check_fact(stated.named)
        case DisputeAbout.LINE:
            line_contested(card, stated.named, stated.segment, place="/line")
        case DisputeAbout.RATING:
            rating_contested(stated.named, ratings)
    for at, claim in enumerate(stated.claims):
        place = "/line" if stated.about is DisputeAbout.LINE else f"/values/{at}/item"
        line_contested(card, claim.item, claim.segment, place=place)
    open_ones = (each.stated for each in earlier if each.decision is None)
    own = (stated.about, stated.named, stated.segment)
    if own in {(each.about, each.named, each.segment) for each in open_ones}:
        raise Conflict("already_contested", "It is contested already and waits for a decision.")


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
    found = next((each for each in newest(ratings) if each.id == id), None)
    if found is None or found.stated.role not in NAMED:
        detail = "No rating of this card that holds and names its rater has this id."
        raise _refused("/rating", "rating_unknown", detail)
    return found


def stated_if_upheld(
    dispute: StatedDispute, stated: Stated, ratings: Collection[KeptRating], value: Decimal | None
) -> Stated | None:
    """What would be stated for a card if a dispute were upheld; null where nobody says how much.

    `value` is HR's for the line; without it that which is claimed.
    """
    if dispute.about is DisputeAbout.RATING:
        withdrawn = next(each.stated for each in ratings if each.id == dispute.named)
        return replace(stated, marks=tuple(each for each in stated.marks if each != withdrawn))
    claims: Sequence[ClaimedValue] = dispute.claims
    if value is not None:
        claims = (ClaimedValue(dispute.named, dispute.segment, value),)
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
    is_line = uphold and dispute.stated.about is DisputeAbout.LINE
    if is_line and value is None:
        raise _refused("/value", "value_expected", "Upholding a line states its value.")
    if not is_line and value is not None:
        raise _refused("/value", "value_unexpected", "Only an upheld line is given a value.")


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


def _check_fact(named: str) -> None:
    kind, *rest = named.split("/")
    if kind not in set(FactKind) or len(rest) < 2 or not all(rest):
        detail = "A fact is named by kind, source and id: orders/erp/SO-1."
        raise _refused("/fact", "fact_unreadable", detail)


def _refused(pointer: str, code: str, detail: str) -> Conflict:
    return Conflict(code, detail, [Fault(pointer, code, detail)])
