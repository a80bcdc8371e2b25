"""People to be ranked, as tests state and draw them."""

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

from services.api.core.distribution import Key, quotas_of


@dataclass(frozen=True)
class Ranking:
    """What each person is ranked by, the best grade that gates leave, and the quotas."""

    keys: tuple[Key, ...]
    limits: tuple[int, ...]
    quotas: tuple[int, ...]


def keys_of(*totals: int) -> list[Key]:
    """Ranked by the total alone."""
    return [((True, Decimal(total)),) for total in totals]


@st.composite
def rankings(draw: st.DrawFn, *, most: int = 25, gated: bool = True) -> Ranking:
    """Few different totals, so that ties are common; limits are rare."""
    totals = draw(st.lists(st.integers(0, 8), max_size=most))
    shares = draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    limit = st.sampled_from([0, 0, 0, *range(len(shares) + 1)]) if gated else st.just(0)
    limits = draw(st.lists(limit, min_size=len(totals), max_size=len(totals)))
    quotas = quotas_of([Decimal(each) for each in (*shares, 1)], len(totals))
    return Ranking(tuple(keys_of(*totals)), tuple(limits), quotas)
