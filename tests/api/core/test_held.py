"""What a card keeps of which late facts were rejected, and when HR has to look again."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.api.core.held import (
    Rejected,
    held_as_of,
    kept_as_it_stood,
    rejected_of,
    seen_in,
    values_held,
    values_told,
)
from services.api.core.late_facts import explanation_kept
from services.api.core.pay_bases import read_basis
from services.api.core.tie_breakers import OfFacts
from services.schema.ids import IdKind, new_id
from services.schema.shapes.indicators import MeasureAmount, Value
from services.schema.shapes.late_facts import Decided
from services.schema.shapes.payouts import PayBasis
from services.schema.words import LateDecision
from tests.api.core.test_late_facts import explained, scored_by

AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
ACCEPTED, REJECTED = LateDecision.ACCEPTED, LateDecision.REJECTED
ONE, TWO, THREE = (new_id(IdKind.LATE_DECISION) for _ in range(3))
UPHELD = new_id(IdKind.DISPUTE)
BASIS = PayBasis({"sales": Value(Decimal("1.50"), None)}, {}, ("e-2",), {})


@pytest.mark.parametrize(
    ("decided", "held"),
    [
        ([], None),
        ([(ONE, ACCEPTED)], None),
        ([(ONE, REJECTED)], (ONE, ONE)),
        ([(ONE, ACCEPTED), (TWO, REJECTED)], (TWO, TWO)),
        ([(ONE, REJECTED), (TWO, REJECTED)], (TWO, TWO)),
        ([(ONE, REJECTED), (TWO, ACCEPTED)], None),
        # What is upheld moves the figures that are held, and accepts nothing.
        ([(ONE, REJECTED), (UPHELD, ACCEPTED)], (ONE, UPHELD)),
        ([(UPHELD, ACCEPTED)], None),
        ([(UPHELD, ACCEPTED), (ONE, REJECTED)], (ONE, ONE)),
        ([(ONE, REJECTED), (UPHELD, ACCEPTED), (TWO, ACCEPTED)], None),
    ],
)
def test_a_card_is_held_by_what_was_rejected_last(
    decided: list[tuple[str, LateDecision]], held: tuple[str, str] | None
) -> None:
    assert held_as_of(decided) == held


def kept(bases: bytes | None) -> Decided:
    return Decided(ONE, "sc_1", "oct", REJECTED, "why", "k", AT, b"{}", None, bases)


@pytest.mark.parametrize("holds", [True, False])
def test_what_is_kept_with_a_rejection_is_read_back(*, holds: bool) -> None:
    rejected = Rejected("sha256:1", AT, holds, (Decimal("1.50"), None))
    bases = kept_as_it_stood(BASIS, b'{"total":"90.00"}', rejected)
    assert rejected_of(kept(bases)) == rejected
    assert (read_basis(bases), explanation_kept(bases)) == (BASIS, b'{"total":"90.00"}')


def test_of_a_rejection_that_kept_nothing_all_is_held() -> None:
    assert rejected_of(kept(None)) == Rejected(None, None, holds=True)


def test_what_facts_gave_a_card_is_held_and_what_was_stated_is_not() -> None:
    card, asked = scored_by(explained("10", None), explained("2"))
    own, other = asked[1, "sales", "sales"], asked[2, "judged", "other"]
    assert values_told(card, asked)[own] == explained("10", None)
    held = values_held(card, asked)
    assert own not in held
    assert held[other] == explained("2")
    assert held[asked[1, "judged", "judged"]] == explained("1")


def test_hr_looks_again_where_facts_come_to_anything_else() -> None:
    card, asked = scored_by(explained("10"), explained("2"))
    values = values_told(card, asked)
    seen = seen_in(asked, values, BASIS, {})
    assert seen_in(asked, dict(reversed(values.items())), BASIS, {}) == seen
    # Who is led and which level is held are no facts of the card.
    assert seen_in(asked, values, replace(BASIS, members=()), {}) == seen
    one = asked[1, "sales", "sales"]
    row = MeasureAmount("a", "", Decimal(10), 1)
    others = [
        {**values, one: explained("11")},
        {**values, one: replace(values[one], measures=(row,))},
        {**values, asked[2, "judged", "other"]: explained("3")},
    ]
    with_row = seen_in(asked, others[1], BASIS, {})
    more = {**values, one: replace(values[one], measures=(replace(row, records=2),))}
    assert seen_in(asked, more, BASIS, {}) != with_row
    assert seen not in {seen_in(asked, each, BASIS, {}) for each in others}
    # What is posted is no fact.
    posted = {**values, one: explained("12", None)}
    assert seen_in(asked, posted, BASIS, {}) == seen_in(
        asked, {**posted, one: explained("13", None)}, BASIS, {}
    )
    paid = replace(BASIS, bases={"sales": Value(Decimal("1.51"), None)})
    led = replace(BASIS, outputs={"sales": {"unit:a": Value(Decimal(1), None)}})
    assert seen not in {seen_in(asked, values, each, {}) for each in (paid, led)}
    apart: list[OfFacts] = [{"sales": Decimal(1)}, {"sales": Decimal(2)}, {"sales": None}]
    assert len({seen, *(seen_in(asked, values, BASIS, each) for each in apart)}) == 4
    later = {key: replace(each, end=each.start) for key, each in asked.items()}
    moved = {later[key]: values[each] for key, each in asked.items()}
    assert seen_in(later, moved, BASIS, {}) != seen
