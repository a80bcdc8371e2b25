"""A back-test by the twin in columns is that by the core: the same result to the last digit."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from services.api.core.back_test_documents import figures_document
from services.api.core.back_tests import Tally
from services.api.core.scorecards import score
from services.api.fast import scoring
from services.api.fast.scoring import scores_of
from services.schema.shapes.indicators import Value
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Adjustment, ItemInput, Score, SegmentInput
from tests.api.core.chance import random_adjustments, random_inputs, random_scheme
from tests.api.core.scoring import flat, item
from tests.api.core.scoring import segment_input as one_segment
from tests.api.core.tried import before, tried
from tests.api.fast.test_scoring import random_population

Cards = list[tuple[SegmentInput, ...]]
SCHEMES = 40
CARDS = 30


def by_core(cards: Cards, adjustments: Sequence[Sequence[Adjustment]]) -> list[Score]:
    return [score(each, stated) for each, stated in zip(cards, adjustments, strict=True)]


def told(scheme: Scheme, cards: Cards, scores: Sequence[Score]) -> str:
    tally = Tally(scheme, "CNY")
    was = before("80", "B", "100")
    for number, (each, scored) in enumerate(zip(cards, scores, strict=True)):
        tally.add(tried(f"e-{number}", each, scored=scored, was=was, pay=str(scored.total or 0)))
    return json.dumps(figures_document(tally))


def random_cards(chance: Random, scheme: Scheme) -> Cards:
    """Some of one segment, some of several, some by another scheme, some beyond 64 bits."""
    other = random_scheme(chance)
    cards: Cards = []
    for number, own in enumerate(random_population(chance, scheme, CARDS)):
        if number % 7 == 1:
            items = {code: _huge(each) for code, each in own.items.items()}
            cards.append((replace(own, items=items),))
            continue
        if number % 5 == 2:
            cards.append((SegmentInput(own.segment, other, random_inputs(chance, other)), own))
        else:
            cards.append((own,))
    return cards


def _huge(given: ItemInput) -> ItemInput:
    return replace(given, value=Value(Decimal(10) ** 20, None))


@pytest.mark.parametrize("seed", range(SCHEMES))
def test_twin_and_core_never_differ(seed: int) -> None:
    chance = Random(seed)
    scheme = random_scheme(chance)
    cards = random_cards(chance, scheme)
    adjustments = [random_adjustments(chance) for _ in cards]
    in_columns = told(scheme, cards, scores_of(cards, adjustments))
    assert in_columns == told(scheme, cards, by_core(cards, adjustments))


def test_what_has_one_segment_goes_in_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the test above would compare the core with itself."""
    stated = flat(item("i", "100"))
    scheme = one_segment(stated, {"i": "1"}).scheme
    whole = replace(one_segment(stated, {"i": "50"}), scheme=scheme)
    parts = tuple(
        replace(one_segment(stated, {"i": "50"}, days=10, after=after), scheme=scheme)
        for after in (0, 10)
    )
    asked: list[int] = []

    def spy(segments: Sequence[SegmentInput], adjustments: Sequence[Adjustment]) -> Score:
        asked.append(len(segments))
        return score(segments, adjustments)

    monkeypatch.setattr(scoring, "score", spy)
    found = scores_of([(whole,), parts, (whole,)], [(), (), ()])
    assert [each.total for each in found] == [Decimal(50)] * 3
    assert asked == [2]
    assert scores_of([], []) == []
