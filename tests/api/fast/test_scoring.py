"""The twin of the scoring core agrees with it: on every figure of every card, to the last digit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from services.api.core.schemes import parse_scheme
from services.api.core.scorecards import score
from services.api.fast import scoring
from services.api.fast.scoring import Population
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Adjustment, ItemInput, Score, SegmentInput
from services.schema.words import Better
from tests.api.core.chance import random_adjustments, random_inputs, random_scheme
from tests.api.core.scoring import RATIO, Document, document, flat, given, item, section
from tests.api.core.scoring import segment_input as one_segment

SCHEMES = 150
CARDS = 40
CURVE: Document = {
    "kind": "curve",
    "of": "attainment",
    "points": [["0", "0"], ["0.9", "60"], ["1", "100"], ["1.5", "120"]],
}


def without_steps(card: Score) -> Score:
    """The card without how its rules got to their scores, which the twin leaves to the core."""
    segments = tuple(
        replace(
            segment,
            lines=tuple(
                replace(line, step=None, before=None, after=None) for line in segment.lines
            ),
        )
        for segment in card.segments
    )
    return replace(card, segments=segments)


def population(stated: Document, *rows: Mapping[str, ItemInput | str | None]) -> list[SegmentInput]:
    """Cards of one scheme; a text is a value without targets."""
    first = one_segment(stated, rows[0])
    return [replace(one_segment(stated, row), scheme=first.scheme) for row in rows]


def assert_agree(
    cards: Sequence[SegmentInput], adjustments: Sequence[Sequence[Adjustment]] = ()
) -> None:
    computed = Population(cards, adjustments)
    for number, card in enumerate(cards):
        wanted = score([card], adjustments[number] if adjustments else ())
        assert without_steps(computed.card(number)) == without_steps(wanted)


def random_population(chance: Random, scheme: Scheme, count: int) -> list[SegmentInput]:
    """Inputs of which an indicator is better in one direction for everybody."""
    segment = one_segment(flat(item("i", "100")), {"i": "1"}).segment
    better = {
        item.code: chance.choice(list(Better)) for part in scheme.sections for item in part.items
    }
    return [
        SegmentInput(
            segment,
            scheme,
            {
                code: replace(each, better=better[code])
                for code, each in random_inputs(chance, scheme).items()
            },
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(SCHEMES))
def test_requirement_21_the_twin_and_the_core_never_differ(seed: int) -> None:
    chance = Random(seed)
    cards = random_population(chance, random_scheme(chance), CARDS)
    assert_agree(cards, [random_adjustments(chance) for _ in cards])


def test_random_schemes_are_scored_in_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the test above would compare the core with itself."""
    monkeypatch.setattr(scoring, "score", None)
    for seed in range(SCHEMES):
        chance = Random(seed)
        cards = random_population(chance, random_scheme(chance), 2)
        assert Population(cards).card(1).segments


@pytest.mark.parametrize(
    "value",
    [
        "0",
        "-1",
        "0.000001",
        "1.4999995",
        "3000000.25",
        "-3000000.000001",
        "4611686018427.387903",
        "1152921504606.846975",
        "1152921504606.846976",
        "99999999999999999999.999999",
        None,
    ],
)
@pytest.mark.parametrize("target", ["0.000001", "0.3", "-7", "2400000", "4611686018.427387", "0"])
@pytest.mark.parametrize("better", list(Better))
def test_figures_of_any_size(value: str | None, target: str, better: Better) -> None:
    """Beyond 64 bits the core itself gives the card; the ones beside it stay in columns."""
    stated = flat(item("ratio", "60", RATIO), item("curve", "40", CURVE))
    plain = given("0.4", budget="0.5", better=better)
    odd = given(value, budget=target, better=better)
    assert_agree(population(stated, {"ratio": plain, "curve": plain}, {"ratio": odd, "curve": odd}))


def test_only_the_cards_that_do_not_fit_go_by_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"i": given(value, budget="3")} for value in ("1", "1152921504606.846976", "2")]
    cards = population(flat(item("i", "100", RATIO)), *rows)
    asked: list[Sequence[SegmentInput]] = []

    def spy(segments: Sequence[SegmentInput], adjustments: Sequence[Adjustment]) -> Score:
        asked.append(segments)
        return score(segments, adjustments)

    monkeypatch.setattr(scoring, "score", spy)
    computed = Population(cards)
    assert [computed.card(number).total for number in range(3)] == [
        Decimal("33.33"),
        Decimal(120),
        Decimal("66.67"),
    ]
    assert asked == [[cards[1]]]


@pytest.mark.parametrize("mark", ["100", "5", "30", "0.0001", "999999.9999"])
@pytest.mark.parametrize("own", [None, "7", "0.0003", "999999.9999"])
def test_full_marks_of_any_size(mark: str, own: str | None) -> None:
    stated = flat(
        item("ratio", "50", {"kind": "ratio", "cap": mark}, full_mark=own),
        item("pass", "50", {"kind": "pass", "at_least": "1"}, full_mark=own),
        full_mark=mark,
        grades=[],
    )
    cards = population(
        stated, *({"ratio": given(each, budget="3"), "pass": given(each)} for each in ("1", "2"))
    )
    assert_agree(cards)


@pytest.mark.parametrize(
    "points",
    [
        [["0.06", "80"], ["0.13", "100"]],
        [["0.1", "100"], ["0.5", "0"]],
        [["0", "0"], ["0.000003", "0.0001"], ["99999999", "100"]],
        [["0.5", "60"]],
        [["-99999999999", "0"], ["99999999999", "999999"]],
    ],
)
def test_curves_of_any_shape(points: list[list[str]]) -> None:
    values = ["-1", "0", "0.000001", "0.06", "0.095", "0.1", "0.13", "0.3333", "0.5", "0.7", "9999"]
    stated = flat(item("i", "100", {"kind": "curve", "points": points}, full_mark="30"))
    assert_agree(population(stated, *({"i": value} for value in values)))


def test_bounds_finer_than_the_figures() -> None:
    """A bound between two figures that can be shown keeps them apart all the same."""
    gates: list[Document] = [
        {"when": {"section": "all", "below": "59.995"}, "then": {"cap": "40"}},
        {"when": {"section": "all", "at_most": "60.005"}, "then": {"grade": "B"}},
    ]
    stated = flat(item("i", "100"), gates=gates)
    assert_agree(population(stated, *({"i": each} for each in ("59.99", "60", "60.01"))))


def test_patterns_of_missing_lines_are_weighed_each_by_itself() -> None:
    items = [item(f"i{at}", "25", missing="redistribute") for at in range(4)]
    stated = document(section("one", "33.3333", *items[:2]), section("two", "66.6667", *items[2:]))
    for part in ("one", "two"):
        assert part in str(stated)
    sections = stated["sections"]
    assert isinstance(sections, list)
    for each in sections:
        for one in each["items"]:
            one["weight"] = "50"
    rows = [
        {f"i{at}": "80" if pattern >> at & 1 else None for at in range(4)} for pattern in range(16)
    ]
    assert_agree(population(stated, *rows))


def test_nobody_is_no_population() -> None:
    assert_agree([])


def test_a_scheme_out_of_all_bounds_goes_by_the_core() -> None:
    stated = flat(item("i", "100", {"kind": "deduct", "per_occurrence": "0"}), gates=[], grades=[])
    scheme = parse_scheme(stated)
    cards = [replace(one_segment(stated, {"i": "3"}), scheme=scheme)]
    assert_agree(cards)
