"""Line weights sum to their section's, and a weight given away is never lost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.core.weights import Weights, line_weights, redistribute
from services.schema.money import share_out
from tests.api.core.scoring import document, flat, item, scheme_of, section


def weights(*sections: str) -> Weights:
    """Weights by section, written `10 20 30`."""
    return tuple(tuple(Decimal(each) for each in lines.split()) for lines in sections)


def test_a_line_weighs_its_share_of_the_whole() -> None:
    scheme = scheme_of(
        document(
            section("x", "60", item("a", "50"), item("b", "30"), item("c", "20")),
            section("y", "40", item("d", "72.68"), item("e", "27.32")),
        )
    )
    assert line_weights(scheme) == weights("30 18 12", "29.072 10.928")


def test_leftovers_go_by_largest_remainder_and_equal_ones_to_the_earlier() -> None:
    third = scheme_of(
        document(
            section("x", "33.3333", item("a", "50"), item("b", "50")),
            section(
                "y", "66.6667", item("c", "33.3333"), item("d", "33.3333"), item("e", "33.3334")
            ),
        )
    )
    # 33.3333 halves to 16.66665 twice: the earlier line takes the ten-thousandth.
    assert line_weights(third) == weights("16.6667 16.6666", "22.2222 22.2222 22.2223")


def test_a_flat_scheme_weighs_as_it_states() -> None:
    scheme = scheme_of(flat(item("a", "28.6"), item("b", "35.7"), item("c", "35.7")))
    assert line_weights(scheme) == weights("28.6 35.7 35.7")


@pytest.mark.parametrize(
    ("before", "keeps", "after"),
    [
        (("30 18 12", "25 15"), ("111", "11"), ("30 18 12", "25 15")),
        (("30 18 12", "25 15"), ("011", "11"), ("0 36 24", "25 15")),
        (("30 18 12", "25 15"), ("001", "11"), ("0 0 60", "25 15")),
        (("30 18 12", "25 15"), ("000", "11"), ("0 0 0", "62.5 37.5")),
        (("30 18 12", "25 15"), ("000", "10"), ("0 0 0", "100 0")),
        (("30 18 12", "25 15"), ("000", "00"), ("0 0 0", "0 0")),
        # Over the other sections pro rata, then inside each pro rata.
        (("20", "30 30", "20"), ("0", "11", "1"), ("0", "37.5 37.5", "25")),
        # 100 / 3: the odd ten-thousandth goes to the earliest of equals.
        (("25 25 25 25",), ("1101",), ("33.3334 33.3333 0 33.3333",)),
        (("10", "30", "30", "30"), ("0", "1", "1", "1"), ("0", "33.3334", "33.3333", "33.3333")),
    ],
)
def test_redistribute(
    before: tuple[str, ...], keeps: tuple[str, ...], after: tuple[str, ...]
) -> None:
    flags = [[flag == "1" for flag in lines] for lines in keeps]
    assert redistribute(weights(*before), flags) == weights(*after)


def test_giving_a_weight_away_equals_adding_its_shares() -> None:
    before = weights("28.6 35.7 35.7")
    given_away = share_out(Decimal("28.6"), [Decimal("35.7"), Decimal("35.7")], 4)
    kept = tuple(weight + share for weight, share in zip(before[0][1:], given_away, strict=True))
    assert redistribute(before, [[False, True, True]]) == ((Decimal(0), *kept),)


@st.composite
def weighed(draw: st.DrawFn) -> tuple[Weights, list[list[bool]]]:
    """Weights that sum to 100, and which lines keep theirs."""
    parts = st.lists(st.integers(1, 400), min_size=1, max_size=4)
    sections = draw(st.lists(parts, min_size=1, max_size=4))
    shares = share_out(Decimal(100), [sum(lines) for lines in sections], 4)
    made = tuple(share_out(share, lines, 4) for share, lines in zip(shares, sections, strict=True))
    keeps = [draw(st.lists(st.booleans(), min_size=len(x), max_size=len(x))) for x in sections]
    return made, keeps


@given(weighed())
def test_weights_sum_to_100_whatever_is_given_away(
    case: tuple[Weights, list[list[bool]]],
) -> None:
    before, keeps = case
    after = redistribute(before, keeps)
    left = any(flag for flags in keeps for flag in flags)
    assert sum(weight for lines in after for weight in lines) == (100 if left else 0)
    for lines, flags, was in zip(after, keeps, before, strict=True):
        for weight, keep, own in zip(lines, flags, was, strict=True):
            assert weight >= own if keep else weight == 0
