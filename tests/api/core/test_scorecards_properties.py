"""What holds of every card: parts and wholes, decimals, order, scale."""

from decimal import Decimal

from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from services.api.core.distribution import rank_by_total
from services.schema.shapes.scorecards import Score
from services.schema.words import Missing
from tests.api.core.scoring import GRADES, RATIO, flat, given, item, lines_of, scored

ITEMS = st.lists(
    st.tuples(
        st.integers(1, 100),
        st.none() | st.decimals("0", "200", places=6),
        st.sampled_from(("zero", "full", "redistribute")),
    ),
    min_size=1,
    max_size=6,
)


def random_card(
    stated: list[tuple[int, Decimal | None, str]], order: list[int] | None = None
) -> Score:
    """A flat card; weights are whole parts of 100, the last takes what is left."""
    weights = [Decimal(part) for part, _, _ in stated]
    whole = sum(weights)
    shares = [(each * 100 / whole).quantize(Decimal("0.0001")) for each in weights]
    shares[-1] += 100 - sum(shares)
    items = [
        item(f"i{at}", str(share), missing=missing)
        for at, (share, (_, _, missing)) in enumerate(zip(shares, stated, strict=True))
    ]
    inputs = {
        f"i{at}": given(None if value is None else str(value))
        for at, (_, value, _) in enumerate(stated)
    }
    ordered = items if order is None else [items[at] for at in order]
    return scored(flat(*ordered), inputs)


@settings(deadline=None)
@over(ITEMS)
def test_parts_sum_to_the_whole(stated: list[tuple[int, Decimal | None, str]]) -> None:
    card = random_card(stated)
    lines = card.segments[0].lines
    if card.total is None:
        assert all(line.policy is Missing.REDISTRIBUTE for line in lines)
        return
    assert sum(line.weight for line in lines) == 100
    points = sum(line.points or Decimal(0) for line in lines)
    assert abs(card.total - points) <= Decimal("0.005")
    assert card.segments[0].sections[0].weight == 100
    assert card.segments[0].sections[0].score == card.total


@settings(deadline=None)
@over(ITEMS)
def test_figures_keep_to_their_decimals(stated: list[tuple[int, Decimal | None, str]]) -> None:
    card = random_card(stated)
    for line in card.segments[0].lines:
        for figure in (line.score, line.weight, line.points, line.before, line.after):
            assert figure is None or figure == figure.quantize(Decimal("0.0001"))
    assert card.total is None or card.total == card.total.quantize(Decimal("0.01"))


@settings(deadline=None)
@over(st.data(), ITEMS)
def test_the_order_of_lines_does_not_matter_without_leftovers(
    data: st.DataObject, stated: list[tuple[int, Decimal | None, str]]
) -> None:
    """Where nothing is shared out no ten-thousandth can go to the earlier of two."""
    kept = [(part, value, "zero") for part, value, _ in stated]
    order = data.draw(st.permutations(range(len(kept))))
    one, other = random_card(kept), random_card(kept, list(order))
    assert one.total == other.total
    assert lines_of(one) == lines_of(other)


@settings(deadline=None, max_examples=50)
@over(
    st.lists(
        st.tuples(*(st.decimals("0", "1.5", places=2) for _ in range(3))), min_size=2, max_size=8
    )
)
def test_requirement_05_five_points_and_a_hundred_rank_alike(
    people: list[tuple[Decimal, ...]],
) -> None:
    """Weights that both scales can hold exactly: then nothing but the scale differs."""

    def ranks(full_mark: str) -> list[int | None]:
        grades = [{**grade, "from": "0"} for grade in GRADES[:1]]
        stated = flat(
            *(
                item(code, weight, RATIO)
                for code, weight in zip("abc", ("20", "20", "60"), strict=True)
            ),
            full_mark=full_mark,
            grades=grades,
        )
        totals: dict[int, Decimal | None] = {}
        for person, values in enumerate(people):
            inputs = {
                code: given(str(value), budget="1")
                for code, value in zip("abc", values, strict=True)
            }
            totals[person] = scored(stated, inputs).total
        return list(rank_by_total(totals).values())

    assert ranks("5") == ranks("100")
