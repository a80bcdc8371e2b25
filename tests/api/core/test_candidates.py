"""Who is ranked with whom, and by what, as cards state it."""

from decimal import Decimal

from services.api.core.candidates import Ballot, begin_round, versions_in
from services.schema.shapes.calibrations import Population, TieBreaker
from services.schema.shapes.people import Unit
from services.schema.words import Better
from tests.api.core.calibrating import SHARES, ballot_of, card_of, cards_of, stated
from tests.api.core.scoring import document, item, scheme_of, section, segment_input


def test_who_has_no_total_is_not_ranked() -> None:
    scheme = stated()
    begun = begin_round(ballot_of(scheme, cards_of(scheme, {"a": "9", "b": None})))
    assert begun.populations == (Population("2026-10-front", None),)
    assert [(each.scorecard, each.total, each.band) for each in begun.candidates] == [
        ("sc_a", Decimal(9), "C")
    ]


def test_tie_breakers_are_those_that_were_frozen() -> None:
    scheme = stated({"shares": SHARES, "tie_breakers": ["faults"]})
    cards = cards_of(scheme, {"a": "9", "b": "9"})
    frozen = {"sc_a": [Decimal(2)]}
    begun = begin_round(
        ballot_of(scheme, cards, tie_breakers=frozen, better={"faults": Better.LOWER})
    )
    assert begun.tie_breakers == (TieBreaker("faults", Better.LOWER),)
    assert [each.tie_breakers for each in begun.candidates] == [(Decimal(2),), (None,)]


def test_units_are_pooled_where_the_scheme_says_so() -> None:
    scheme = stated({"shares": SHARES, "by": "unit", "minimum_population": 2})
    units = {
        code: Unit(code, code, parent, None)
        for code, parent in (("top", None), ("north", "top"), ("n1", "north"), ("n2", "north"))
    }
    placed = {"a": "n1", "b": "n2", "c": "top"}
    cards = cards_of(scheme, {"a": "9", "b": "8", "c": "7"}, placed)
    begun = begin_round(ballot_of(scheme, cards, units=units))
    assert begun.populations == (
        Population("unit:north", ("n1", "n2")),
        Population("company", ("top",)),
    )
    assert [(each.subject.code, each.population) for each in begun.candidates] == [
        ("a", "unit:north"),
        ("b", "unit:north"),
        ("c", "company"),
    ]


def test_gates_that_bite_limit_and_those_that_do_not_leave_any_grade() -> None:
    gates = [
        {"when": {"item": "a", "below": "50"}, "then": {"fail": True}},
        {"when": {"item": "a", "below": "80"}, "then": {"grade": "B"}},
        {"when": {"item": "a", "below": "95"}, "then": {"cap": "70"}},
    ]
    scheme = stated(gates=gates)
    cards = cards_of(scheme, {"a": "49", "b": "50", "c": "79", "d": "80", "e": "95"})
    begun = begin_round(ballot_of(scheme, cards))
    assert [each.limit for each in begun.candidates] == ["C", "B", "B", None, None]
    assert [each.before for each in begun.candidates] == ["C", "C", "C", "C", "A"]


def test_a_gate_of_an_earlier_segment_limits_at_its_own_place() -> None:
    """The earlier scheme's second grade is the card's second too, whatever it is called."""
    grades = [
        {"grade": name, "from": start, "coefficient": "1"}
        for name, start in (("gold", "90"), ("silver", "50"), ("bronze", "0"))
    ]
    gate = {"when": {"item": "a", "below": "60"}, "then": {"grade": "silver"}}
    before, now = stated(grades=grades, distribution=None, gates=[gate]), stated()
    before["distribution"] = None
    earlier = segment_input(before, {"a": "55"}, days=10)
    later = segment_input(now, {"a": "99"}, days=21, after=10)
    earlier = type(earlier)(
        type(earlier.segment)(
            earlier.segment.start, earlier.segment.end, "guide", "north", "old", 3
        ),
        earlier.scheme,
        earlier.items,
    )
    card = card_of("a", [earlier, later])
    assert versions_in([card]) == {("old", 3), ("front", 1)}
    plain = ballot_of(now, [card])
    ballot = Ballot(
        cycle=plain.cycle,
        cards=plain.cards,
        scheme=plain.scheme,
        schemes={("front", 1): plain.scheme, ("old", 3): scheme_of(before)},
        tie_breakers={},
        better={},
        units={},
    )
    (candidate,) = begin_round(ballot).candidates
    assert (candidate.limit, candidate.before) == ("B", "B")


def test_score_bands_are_of_the_total_or_of_one_section() -> None:
    def score_of(section_named: str | None) -> Decimal | None:
        bands = {"section": section_named, "shares": [{"from": "0", "share": "100"}]}
        scheme = document(
            section("x", "70", item("a", "100")),
            section("y", "30", item("b", "100")),
            distribution={"bands": bands},
        )
        card = card_of("a", [segment_input(scheme, {"a": "80", "b": "50"})])
        (candidate,) = begin_round(ballot_of(scheme, [card])).candidates
        return candidate.score

    assert (score_of(None), score_of("x"), score_of("y")) == tuple(map(Decimal, (71, 80, 50)))


def test_a_sections_score_over_several_segments_is_their_mean_by_days() -> None:
    bands = {"section": "all", "shares": [{"from": "0", "share": "100"}]}
    scheme = stated({"bands": bands})
    segments = [
        segment_input(scheme, {"a": "80"}, days=10),
        segment_input(scheme, {"a": "50"}, days=21, after=10),
    ]
    (candidate,) = begin_round(ballot_of(scheme, [card_of("a", segments)])).candidates
    assert candidate.score == Decimal("59.68")  # (80 x 10 + 50 x 21) / 31
