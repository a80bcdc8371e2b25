"""How the forced distribution of a scheme is written: read into a shape, and back."""

from services.api.core.fields import FORMULA_CODE, Fields
from services.schema.money import SCORE_PLACES, plain
from services.schema.shapes.schemes import Distribution, DistributionShare

MOST_SHARES = 50
MOST_TIE_BREAKERS = 10
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
        shares, minimum, fields.codes("tie_breakers", FORMULA_CODE, most=MOST_TIE_BREAKERS)
    )


def distribution_to_wire(distribution: Distribution) -> dict[str, object]:
    return {
        "shares": [
            {"grade": each.grade, "share": plain(each.share)} for each in distribution.shares
        ],
        "minimum_population": distribution.minimum_population,
        "tie_breakers": list(distribution.tie_breakers),
    }
