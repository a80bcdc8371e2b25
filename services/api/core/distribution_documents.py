"""How the forced distribution of a scheme is written: read into a shape, and back."""

from services.api.core.fields import FORMULA_CODE, Fields
from services.schema.money import SCORE_PLACES, TOTAL_PLACES, plain
from services.schema.shapes.schemes import (
    BandShare,
    Distribution,
    DistributionShare,
    ScoreBands,
)
from services.schema.words import RankedBy

MOST_SHARES = 50
MOST_TIE_BREAKERS = 10
MOST_BANDS = 50
LARGEST_POPULATION = 1_000_000


def read_distribution(fields: Fields | None) -> Distribution | None:
    if fields is None:
        return None
    shares = tuple(
        DistributionShare(
            part.needed_text("grade", longest=64), part.needed_decimal("share", SCORE_PLACES)
        )
        for part in fields.parts("shares", most=MOST_SHARES)
    )
    minimum = fields.count("minimum_population", most=LARGEST_POPULATION) or 0
    return Distribution(
        shares,
        minimum,
        fields.codes("tie_breakers", FORMULA_CODE, most=MOST_TIE_BREAKERS),
        fields.word("by", RankedBy) or RankedBy.CYCLE,
        _read_bands(fields.part("bands")),
    )


def distribution_to_wire(distribution: Distribution) -> dict[str, object]:
    """A distribution, without what it leaves open."""
    bands = distribution.bands
    more: dict[str, object] = {}
    if distribution.by is not RankedBy.CYCLE:
        more["by"] = distribution.by
    if bands is not None:
        more["bands"] = _bands_to_wire(bands)
    return {
        "shares": [
            {"grade": each.grade, "share": plain(each.share)} for each in distribution.shares
        ],
        "minimum_population": distribution.minimum_population,
        "tie_breakers": list(distribution.tie_breakers),
        **more,
    }


def _read_bands(fields: Fields | None) -> ScoreBands | None:
    if fields is None:
        return None
    shares = [
        BandShare(
            part.needed_decimal("from", TOTAL_PLACES), part.needed_decimal("share", SCORE_PLACES)
        )
        for part in fields.parts("shares", most=MOST_BANDS)
    ]
    best_first = sorted(shares, key=lambda each: each.start, reverse=True)
    return ScoreBands(fields.code("section"), tuple(best_first))


def _bands_to_wire(bands: ScoreBands) -> dict[str, object]:
    return {
        "section": bands.section,
        "shares": [
            {"from": plain(each.start), "share": plain(each.share)} for each in bands.shares
        ],
    }
