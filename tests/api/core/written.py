"""Documents as they are written, of cards drawn by seeded chance: `kept/` holds each in full.

They are not worked out by hand: that is what the other tests are for. Here no word, key or figure
of a document changes unseen. `python -m tests.api.core.written` writes them anew; read the diff.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from services.api.core.back_test_documents import figures_document
from services.api.core.back_tests import Tally
from services.api.core.card_documents import card_document
from services.api.core.explanation_trees import Names, tree_of
from services.api.core.explanations import explanation_document
from services.api.core.next_step_documents import next_steps_document
from services.api.core.next_steps import next_steps_of
from services.api.core.outcomes import indicators_of
from services.api.core.score_change_documents import score_change_document
from services.api.core.scorecards import score
from services.api.core.told_cards import ToldCard, read_told
from services.schema.shapes.indicators import Explained, MeasureAmount
from services.schema.shapes.next_steps import NoPace, Pace, PaceOf
from services.schema.shapes.schemes import Item, Name
from services.schema.shapes.scorecards import ItemInput, Segment, SegmentInput
from tests.api.core.chance import random_adjustments, random_inputs, random_scheme
from tests.api.core.scoring import head, known
from tests.api.core.tried import before, tried
from tests.api.core.varied import VALID, refusals
from tests.api.core.written_pay import assessments, payouts, sales_changes

FOLDER = Path(__file__).parent / "kept"
SEEDS = range(14)
TRIED_SEED = 2
Documents = dict[str, Any]


def kept(kind: str) -> Documents:
    read: Documents = json.loads((FOLDER / f"{kind}.json").read_text())
    return read


def cards() -> Documents:
    return {str(seed): Card(seed).document for seed in SEEDS}


def explanations() -> Documents:
    return {str(seed): Card(seed).explanation for seed in SEEDS}


def trees() -> Documents:
    """Fewer: a tree is as long as all else together."""
    return {str(seed): Card(seed).tree() for seed in SEEDS[:6]}


def next_steps() -> Documents:
    return {str(seed): Card(seed).next_steps() for seed in SEEDS}


def score_changes() -> Documents:
    told = [Card(seed).told for seed in SEEDS]
    return {
        f"{seed}-{seed + 1}": score_change_document({"id": seed}, earlier, {"id": seed + 1}, later)
        for seed, (earlier, later) in enumerate(pairwise(told))
    }


class Card:
    """A card of one or two segments, scored, written and read back."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.segments = random_segments(self.chance)
        self.adjustments = tuple(random_adjustments(self.chance))
        made = score(self.segments, self.adjustments)
        on_top = head(self.segments, self.adjustments)
        self.document = json.loads(card_document(on_top, made))
        self.explanation = json.loads(explanation_document(on_top, self.segments, made))

    @property
    def told(self) -> ToldCard:
        schemes = {
            (each.segment.scheme, each.segment.scheme_version): each.scheme
            for each in self.segments
        }
        return read_told(self.explanation, schemes)

    def tree(self) -> object:
        names = Names(
            indicators={"i00": Name("指标", "Indicator")},
            measures={"paid_amount": Name("支付金额", "Paid amount")},
            parts={("front", 1, "s0"): Name("业绩", "Work")},
        )
        return tree_of(self.explanation, names)

    def next_steps(self) -> object:
        told = self.told
        paces = {line.place: self.pace() for line in told.each_line()}
        steps = next_steps_of(told, known("i00", "i01"), paces, day=date(2026, 10, 12))
        return next_steps_document({"scorecard": "sc_1"}, steps, {"i00": Name("指标", "Indicator")})

    def pace(self) -> Pace | NoPace:
        if self.chance.random() < 0.4:
            return self.chance.choice(list(NoPace))
        low, forecast, high = sorted(self.chance.sample(range(200), 3))
        return Pace(
            self.chance.choice(list(PaceOf)),
            date(2026, 10, 1),
            date(2026, 10, 12),
            11,
            1,
            Decimal(11),
            Decimal(31),
            Decimal(low) / 3 if low % 3 == 0 else Decimal(low),
            Decimal(forecast),
            Decimal(low),
            Decimal(high),
        )


def random_segments(chance: Random) -> list[SegmentInput]:
    count = chance.choice((1, 1, 2))
    middle = date(2026, 10, chance.randint(2, 30))
    edges = [date(2026, 10, 1), *([middle] if count == 2 else []), date(2026, 11, 1)]
    segments = []
    for at in range(count):
        scheme = random_scheme(chance)
        items = {item.code: item for section in scheme.sections for item in section.items}
        inputs = {
            code: explained_input(chance, items[code], given)
            for code, given in random_inputs(chance, scheme).items()
        }
        segment = Segment(edges[at], edges[at + 1], "guide", "north", "front", at + 1)
        segments.append(SegmentInput(segment, scheme, inputs))
    return segments


def explained_input(chance: Random, item: Item, given: ItemInput) -> ItemInput:
    """Now and then with what the value was computed from."""
    if not indicators_of(item) or chance.random() < 0.4:
        return given
    value = given.value
    posted = Explained(value, None, 0, (), None, ())
    computed = Explained(
        value,
        'paid_amount - refund_amount[channel = "x"]',
        chance.randint(0, 3),
        (
            MeasureAmount("paid_amount", "", Decimal(chance.randint(1, 2000)), 3),
            MeasureAmount("refund_amount", 'channel = "x"', Decimal("99.5"), 1),
            MeasureAmount("visitors", "", None, 0),
        ),
        chance.choice((None, "USD 10 x 7 of 2026-10-02 = CNY 70")),
        ("/v1/facts/orders?employee=e-1",),
    )
    return replace(given, explained=chance.choice((posted, computed, computed)))


def back_tests() -> Documents:
    """A draft over some people, of whom some were scored before."""
    chance = Random(TRIED_SEED)
    scheme = random_scheme(chance)
    tally = Tally(scheme, "CNY")
    for at in range(30):
        segment = Segment(date(2026, 10, 1), date(2026, 11, 1), "guide", "north", "front", 1)
        inputs = SegmentInput(segment, scheme, random_inputs(chance, scheme))
        was = before(
            chance.choice((None, str(chance.randint(0, 100)))),
            chance.choice(("A", "B", "C", "S")),
            chance.choice((None, str(chance.randint(0, 900)))),
        )
        unpaid = chance.choice((None, None, "incomplete", "members_unpriced"))
        pay = None if unpaid else str(chance.randint(0, 900))
        known_before = was if chance.random() < 0.8 else None
        tally.add(tried(f"e-{at:02}", [inputs], was=known_before, pay=pay, unpaid=unpaid))
    return {"all": figures_document(tally)}


WRITERS: Mapping[str, Callable[[], Documents]] = {
    "cards": cards,
    "explanations": explanations,
    "trees": trees,
    "next_steps": next_steps,
    "score_changes": score_changes,
    "back_tests": back_tests,
    "payouts": payouts,
    "assessments": assessments,
    "sales_changes": sales_changes,
    **{f"refusals_{name}": partial(refusals, name) for name in VALID},
}


def made(kind: str) -> Documents:
    """What the program writes now, as a reader gets it."""
    served: Documents = json.loads(json.dumps(WRITERS[kind]()))
    return served


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for kind in WRITERS:
        text = json.dumps(made(kind), ensure_ascii=False, indent=1)
        (FOLDER / f"{kind}.json").write_text(text + "\n")


def differences(expected: object, found: object, place: str = "") -> list[str]:
    """Where two documents differ, key by key: the order of keys counts too."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        if list(expected) != list(found):
            return [f"{place}: {list(expected)} are {list(found)}"]
        return [
            each
            for key in expected
            for each in differences(expected[key], found[key], f"{place}/{key}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [
            each
            for at, (one, other) in enumerate(zip(expected, found, strict=True))
            for each in differences(one, other, f"{place}/{at}")
        ]
    return [] if expected == found else [f"{place}: {expected!r} is {found!r}"]


if __name__ == "__main__":
    write()
