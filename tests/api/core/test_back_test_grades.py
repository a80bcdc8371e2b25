"""A draft's distribution gives the grades that calibration would give the same people."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from random import Random

import pytest

from services.api.core.back_test_grades import Held, force_grades, limit_of
from services.api.core.calibrations import names_of, rank_round
from services.api.core.candidates import begin_round
from services.api.core.scorecards import score
from services.schema.shapes.back_tests import Tried
from services.schema.shapes.payouts import PayBasis
from services.schema.shapes.people import Subject, Unit
from services.schema.words import Better, SubjectKind
from tests.api.core.calibrating import SHARES, ballot_of, card_of, stated
from tests.api.core.scoring import Document, flat, item, scheme_of, segment_input

GATED: list[Document] = [{"when": {"item": "a", "at_most": "85"}, "then": {"grade": "B"}}]
UNITS = {
    code: Unit(code, code, parent, None)
    for code, parent in (("all", None), ("north", "all"), ("south", "all"))
}
NOBODY = PayBasis({}, {}, (), {})
TieBreakers = Mapping[str, Sequence[Decimal | None]]


def tried_of(
    scheme: Document,
    totals: Mapping[str, str | None],
    *,
    units: Mapping[str, str] | None = None,
    tie_breakers: TieBreakers | None = None,
    cycle: str = "2026-10-front",
) -> list[Held]:
    held = []
    for who, total in totals.items():
        inputs = [segment_input(scheme, {"a": total})]
        scored = score(inputs)
        subject = Subject(SubjectKind.EMPLOYEE, who)
        limit = limit_of(scheme_of(scheme), inputs, scored)
        told_apart = tuple((tie_breakers or {}).get(who, ()))
        unit = (units or {}).get(who, "north")
        tried = Tried(subject, "2026-10", (), scored, None, None)
        held.append(Held(tried, cycle, unit, told_apart, limit, NOBODY))
    return held


def grades_of(held: Sequence[Held]) -> dict[str, tuple[str | None, str]]:
    return {
        each.tried.subject.code: (each.tried.score.grade, str(each.tried.score.coefficient))
        for each in held
    }


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    "distribution",
    [
        {"shares": SHARES, "tie_breakers": ["b"]},
        {"shares": SHARES, "tie_breakers": ["b"], "minimum_population": 13},
        {"shares": SHARES, "tie_breakers": ["b"], "minimum_population": 5, "by": "unit"},
    ],
)
def test_grades_are_those_that_calibration_gives(distribution: Document, seed: int) -> None:
    """Ties, gates, small units and people without a total among them."""
    chance = Random(seed)
    scheme = stated(distribution, gates=GATED)
    people = [f"p{at}" for at in range(chance.randint(8, 16))]
    totals = {who: chance.choice([None, "70", "80", "84", "85", "86"]) for who in people}
    units = {who: chance.choice(["north", "north", "south"]) for who in people}
    apart = {who: [chance.choice([None, Decimal(1), Decimal(2)])] for who in people}
    cards = [
        card_of(who, [segment_input(scheme, {"a": total})], unit=units[who])
        for who, total in totals.items()
    ]
    lower = Better.LOWER
    by_id = {f"sc_{who}": own for who, own in apart.items()}
    ballot = ballot_of(scheme, cards, tie_breakers=by_id, better={"b": lower}, units=UNITS)
    ranks = rank_round(begin_round(ballot), scheme_of(scheme))
    names = names_of(scheme_of(scheme))
    real: dict[str, str | None] = {card.subject.code: card.grade for card in cards}
    for ranked in ranks:
        for person, grade in zip(ranked.people, ranked.grades, strict=True):
            real[person.subject.code] = names[grade]
    held = tried_of(scheme, totals, units=units, tie_breakers=apart)
    graded, found = force_grades(held, scheme_of(scheme), better=[lower], units=UNITS)
    assert {who: grade for who, (grade, _) in grades_of(graded).items()} == real
    assert [(each.population, each.unforced, each.quotas) for each in found] == [
        (each.population, each.unforced, each.quotas) for each in ranks
    ]


def test_a_grade_brings_its_coefficient_and_each_cycle_is_ranked_by_itself() -> None:
    scheme = stated()
    one = tried_of(scheme, {f"a{at}": str(99 - at) for at in range(5)}, cycle="one")
    two = tried_of(scheme, {f"b{at}": str(79 - at) for at in range(5)}, cycle="two")
    graded, found = force_grades([*one, *two], scheme_of(scheme), better=[], units={})
    assert [each.population.code for each in found] == ["one", "two"]
    # Of five 2/7/1 are quotas of 1, 4 and 0: the remainders of B and C are equal.
    assert grades_of(graded) == {
        **{f"a{at}": ("B", "1") for at in range(1, 5)},
        **{f"b{at}": ("B", "1") for at in range(1, 5)},
        "a0": ("A", "1.2"),
        "b0": ("A", "1.2"),
    }


def test_without_shares_grades_stay_those_of_bands() -> None:
    bands: Document = {"bands": {"shares": [{"from": "0", "share": "100"}]}}
    for scheme in (stated(bands), flat(item("a", "100"))):
        held = tried_of(scheme, {"p1": "95", "p2": "10"})
        assert force_grades(held, scheme_of(scheme), better=[], units={}) == (held, [])
