"""Samples: the same seed draws the same sessions, and the indicator is of these alone."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.api.core.formulas import parse_formula
from services.api.core.indicators import built_in_indicators
from services.api.core.measures import built_in_measures
from services.api.core.samples import (
    _ADDS,
    can_be_sampled,
    draw,
    rank_of,
    record_of,
    value_of_sample,
)
from services.schema.shapes.facts import Chat
from services.schema.shapes.indicators import Value
from services.schema.shapes.levels import Sample
from services.schema.words import FactKind, NoValue

AT = datetime(2026, 10, 8, tzinfo=UTC)
SEED = "5f2d"


def chat(name: str, **fields: Any) -> Chat:
    return Chat(source="erp", id=name, shop="a", started_at=AT, modified_at=AT, **fields)


def many(count: int) -> list[Chat]:
    return [chat(f"c-{number}") for number in range(count)]


def test_a_rank_is_of_seed_source_and_id_alone() -> None:
    assert rank_of("5f2d", "erp", "c-1") == hashlib.sha256(b"5f2d\x1ferp\x1fc-1").digest()
    ranks = {rank_of(*of) for of in (("s", "e", "1"), ("s", "e", "2"), ("s", "f", "1"))}
    assert len({*ranks, rank_of("t", "e", "1")}) == 4


def test_a_seed_draws_the_same_sessions_whatever_their_order() -> None:
    sessions = many(200)
    drawn = draw(sessions, seed=SEED, size=30)
    assert len(drawn) == 30
    assert draw(sessions[::-1], seed=SEED, size=30) == drawn
    assert draw(drawn, seed=SEED, size=30) == drawn
    assert draw(sessions, seed=SEED, size=31)[:30] == drawn
    assert [each.id for each in draw(many(200), seed=SEED, size=5)] == [
        "c-56", "c-193", "c-147", "c-194", "c-60",
    ]  # fmt: skip


def test_another_seed_draws_others() -> None:
    sessions = many(200)
    assert set(draw(sessions, seed="a", size=30)) != set(draw(sessions, seed="b", size=30))


def test_a_session_has_the_same_chance_as_any_other() -> None:
    """Of 20 sessions 5 are drawn by each of 4000 seeds: each a quarter of the time."""
    drawn = dict.fromkeys((each.id for each in many(20)), 0)
    for number in range(4000):
        for each in draw(many(20), seed=f"seed-{number}", size=5):
            drawn[each.id] += 1
    assert all(850 < count < 1150 for count in drawn.values())


@pytest.mark.parametrize(("there", "drawn"), [(29, 29), (30, 30), (31, 30), (0, 0)])
def test_fewer_sessions_than_asked_are_all_drawn(there: int, drawn: int) -> None:
    sample = draw(many(there), seed=SEED, size=30)
    assert len(sample) == drawn
    record = record_of(sample, seed=SEED, asked=30, of=there)
    assert record.sessions == tuple(sorted(("erp", each.id) for each in sample))
    assert record == Sample(SEED, 30, there, record.sessions)


def test_a_record_of_too_few_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        record_of(many(2), seed=SEED, asked=30, of=3)


FULL = chat(
    "full",
    first_response_seconds=Decimal("4.5"),
    response_seconds=Decimal("60.25"),
    responses=3,
    answered=True,
    inquiry=True,
    order="so-1",
    satisfied=True,
    complaint=True,
)
BARE = chat("bare", answered=False)
ADDED = {
    "chats": ("1", "1"),
    "answered_chats": ("1", "0"),
    "unanswered_chats": ("0", "1"),
    "inquiries": ("1", "0"),
    "inquiry_orders": ("1", "0"),
    "first_response_seconds": ("4.5", "0"),
    "first_responses": ("1", "0"),
    "response_seconds": ("60.25", "0"),
    "responses": ("3", "0"),
    "satisfaction_answers": ("1", "0"),
    "satisfied_answers": ("1", "0"),
    "complaints": ("1", "0"),
}


@pytest.mark.parametrize("measure", ADDED)
def test_what_a_session_adds_to_a_measure(measure: str) -> None:
    formula = parse_formula(measure)
    full, bare = (value_of_sample(formula, [each]).value for each in (FULL, BARE))
    assert (full, bare) == tuple(Decimal(text) for text in ADDED[measure])


def test_an_order_without_an_inquiry_and_an_unsatisfied_buyer() -> None:
    asked = chat("x", order="so-1", satisfied=False)
    found = {code: value_of_sample(parse_formula(code), [asked]).value for code in ADDED}
    assert found["inquiry_orders"] == found["inquiries"] == 0
    assert found["satisfaction_answers"] == 1
    assert found["satisfied_answers"] == 0


def test_a_session_adds_to_each_measure_of_chats() -> None:
    known = {one.code for one in built_in_measures().values() if one.kind is FactKind.CHATS}
    assert set(_ADDS) == set(ADDED) == known


def test_an_indicator_is_the_ratio_of_the_sums_of_the_sample() -> None:
    formula = parse_formula("response_seconds / responses")
    quick = chat("a", response_seconds=Decimal(10), responses=1)
    slow = chat("b", response_seconds=Decimal(100), responses=2)
    assert value_of_sample(formula, [quick, slow]) == Value(Decimal("36.666667"), None)


def test_requirement_03_a_sample_without_sessions_or_denominator_has_no_value() -> None:
    formula = parse_formula("inquiry_orders / inquiries")
    assert value_of_sample(formula, []) == Value(None, NoValue.NO_ROWS)
    assert value_of_sample(formula, [BARE]) == Value(None, NoValue.NO_DENOMINATOR)


@pytest.mark.parametrize(
    ("formula", "sampled"),
    [
        ("inquiry_orders / inquiries", True),
        ("1 - answered_chats / chats", True),
        ('chats[shop = "a"]', False),
        ("previous(chats)", False),
        ("chats / period_days", False),
        ("chats / paid_orders", False),
        ("service_slips", False),
    ],
)
def test_what_can_be_sampled(formula: str, *, sampled: bool) -> None:
    assert can_be_sampled(parse_formula(formula), built_in_measures()) is sampled


def test_the_sampled_indicators_of_the_ladder_can_be() -> None:
    for code in ("inquiry_conversion_rate", "average_response_seconds"):
        formula = built_in_indicators()[code].formula
        assert formula is not None
        assert can_be_sampled(parse_formula(formula), built_in_measures())
