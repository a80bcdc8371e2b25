"""Cards of which late facts were rejected: they keep the figures of the facts that they had.

Facts are kept as they were stated last, so that nobody can say what a card would be with one of
them and without another. What HR rejected therefore stays out together with all that has come for
the card since, also in a new revision, until HR looks at it again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.api.core.cards import CardPlan
from services.api.core.documents import fingerprint_of, instant_text, plain_or_null, to_bytes
from services.api.core.late_facts import Asked
from services.api.core.pay_bases import basis_document, lines_paid_on, paid_as_stated
from services.api.core.tie_breakers import Kept, OfFacts
from services.api.core.told_cards import ToldCard
from services.schema.errors import Fault
from services.schema.ids import IdKind, is_id
from services.schema.shapes.indicators import Explained, Value, Wanted
from services.schema.shapes.late_facts import Decided
from services.schema.shapes.payouts import PayBasis
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import LateDecision, NoValue

Values = Mapping[Wanted, Explained]


@dataclass(frozen=True, slots=True)
class Rejected:
    """What is kept with a rejection, beside the card as it stood."""

    seen: str | None
    """What all the facts came to that HR saw; null where that was not kept."""
    since: datetime | None
    """Since when facts have stayed out of the card."""
    holds: bool = True
    """Whether they would have made anything else of it; where not, it follows the facts."""
    tie_breakers: Kept | None = None
    """By what the card is told apart from equals; null where it is by nothing, or follows facts."""


def held_as_of(decided: Iterable[tuple[str, LateDecision]]) -> tuple[str, str] | None:
    """The rejection by which a card is held, and the decision that says how it stands since.

    `decided` are ids and decisions of a person in a cycle, first to last. Null where what came late
    was accepted last. A dispute that was upheld moves the figures that are held.
    """
    rejection, last = None, ""
    for last, decision in decided:
        if not is_id(IdKind.DISPUTE, last):
            rejection = last if decision is LateDecision.REJECTED else None
    return None if rejection is None else (rejection, last)


def kept_as_it_stood(basis: PayBasis, explanation: bytes, rejected: Rejected) -> bytes:
    """What a card is paid by and how it came about, as they stay while late facts are rejected."""
    assert rejected.since is not None, "a rejection knows since when"
    return to_bytes(
        {
            **json.loads(basis_document(basis)),
            "explanation": json.loads(explanation),
            "seen": rejected.seen,
            "since": instant_text(rejected.since),
            "holds": rejected.holds,
            "tie_breakers": None
            if rejected.tie_breakers is None
            else [plain_or_null(each) for each in rejected.tie_breakers],
        }
    )


def rejected_of(decided: Decided) -> Rejected:
    """What a rejection kept."""
    kept = {} if decided.bases is None else json.loads(decided.bases)
    since, tie_breakers = kept.get("since"), kept.get("tie_breakers")
    return Rejected(
        kept.get("seen"),
        None if since is None else datetime.fromisoformat(since),
        kept.get("holds", True),
        None
        if tie_breakers is None
        else tuple(None if each is None else Decimal(each) for each in tie_breakers),
    )


def values_told(told: ToldCard, asked: Asked) -> dict[Wanted, Explained]:
    """The values that a card was scored by; of what nobody told the source there are none."""
    found: dict[Wanted, Explained] = {}
    for (segment, item, indicator), wanted in asked.items():
        given = told.segments[segment - 1].items[item]
        own = given.others.get(indicator, given).explained
        if own is not None:
            found[wanted] = own
    return found


def values_held(told: ToldCard, asked: Asked) -> dict[Wanted, Explained]:
    """The values that facts gave a card; what was posted or stated is not among them."""
    values = values_told(told, asked)
    return {wanted: each for wanted, each in values.items() if each.formula is not None}


def seen_in(asked: Asked, values: Values, basis: PayBasis, apart: OfFacts) -> str:
    """What facts come to for a card: equal, nothing that HR has not seen came in.

    What was posted or stated is no part of it; `apart` is what tells it apart from equals.
    """
    lines = {
        f"{segment}/{item}/{indicator}": {
            "from": wanted.start.isoformat(),
            "to": wanted.end.isoformat(),
            "value": plain_or_null(values[wanted].value.value),
            "measures": [
                [each.measure, each.filters, plain_or_null(each.amount), each.records]
                for each in values[wanted].measures
            ],
        }
        for (segment, item, indicator), wanted in sorted(asked.items())
        if wanted in values and values[wanted].formula is not None
    }
    paid = json.loads(basis_document(basis))
    told = {code: plain_or_null(each) for code, each in apart.items()}
    return fingerprint_of(
        {
            "lines": lines,
            "bases": paid["bases"],
            "outputs": paid["outputs"],
            # Where nothing does, it is as it was before this was looked at.
            **({"tie_breakers": told} if told else {}),
        }
    )


def basis_held(
    then: PayBasis,
    now: PayBasis,
    told: ToldCard,
    asked: Asked,
    plan: CardPlan,
    schemes: Mapping[tuple[str, int], Scheme],
) -> PayBasis:
    """What a card is paid by: what it was on facts, with what was stated of its lines since."""
    held = PayBasis(then.bases, then.outputs, now.members, now.levels)
    return restate_basis(held, told, asked, plan, schemes)


def restate_basis(
    basis: PayBasis,
    told: ToldCard,
    asked: Asked,
    plan: CardPlan,
    schemes: Mapping[tuple[str, int], Scheme],
) -> PayBasis:
    """Bases moved by what HR states by now of the lines that show them, as they were told."""
    values: dict[Wanted, Value] = {}
    for line in told.each_line():
        if line.item.indicator is not None:
            values.setdefault(asked[(*line.place, line.item.indicator)], line.given.value)
    lines = {
        code: [(values.get(one, Value(None, NoValue.NO_ROWS)), stated) for one, stated in own]
        for code, own in lines_paid_on(plan, schemes).items()
    }
    return paid_as_stated(basis, lines)


def fault_of_held(card: Scorecard) -> Fault:
    """That a card cannot be closed before HR has looked again."""
    detail = (
        f"{card.subject}: late facts were rejected, and what facts make of the card has changed "
        "since: accept or reject them again."
    )
    return Fault(f"/scorecards/{card.id}", "late_facts_undecided", detail)
