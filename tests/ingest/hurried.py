"""Lives of orders in a hurry: in two days all of it happens that takes weeks in the story.

Every third of them that was sent has refunds out of the usual beside: twice for one line, refused
and asked for again, long after the end, of a single cent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from sandbox import lives
from sandbox.sales import Claim, Sale

TIMES = 10
"""How many times as fast."""
_HOUR, _MINUTE, _CENT = timedelta(hours=1), timedelta(minutes=1), Decimal("0.01")


@contextmanager
def hurried() -> Iterator[None]:
    """All shops' orders live so until the end of the block."""
    usual = lives._live

    def live(chance: Random, sale: Sale) -> Sale:
        return _with_odd_refunds(_hurry(usual(chance, sale)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lives, "_live", live)
        lives.sales_of.cache_clear()
        yield
    lives.sales_of.cache_clear()


def moments_of(sale: Sale) -> list[datetime]:
    """Everything that ever happens to an order."""
    found = [sale.created_at, sale.paid_at, sale.part_shipped_at, sale.shipped_at]
    found += [sale.completed_at, sale.closed_at, *(each.created_at for each in sale.reviews)]
    for claim in sale.claims:
        found += [claim.requested_at, claim.agreed_at, claim.settled_at]
    return [moment for moment in found if moment]


def _hurry(sale: Sale) -> Sale:
    def sooner(moment: datetime) -> datetime:
        after = (moment - sale.created_at) / TIMES
        return sale.created_at + timedelta(seconds=int(after.total_seconds()))

    def perhaps(moment: datetime | None) -> datetime | None:
        return sooner(moment) if moment else None

    return replace(
        sale,
        paid_at=perhaps(sale.paid_at),
        part_shipped_at=perhaps(sale.part_shipped_at),
        shipped_at=perhaps(sale.shipped_at),
        completed_at=perhaps(sale.completed_at),
        closed_at=perhaps(sale.closed_at),
        claims=tuple(
            replace(
                claim,
                requested_at=sooner(claim.requested_at),
                agreed_at=perhaps(claim.agreed_at),
                settled_at=sooner(claim.settled_at),
            )
            for claim in sale.claims
        ),
        reviews=tuple(
            replace(review, created_at=sooner(review.created_at)) for review in sale.reviews
        ),
    )


def _with_odd_refunds(sale: Sale) -> Sale:
    if sale.claims or sale.completed_at is None or sale.shipped_at is None:
        return sale
    line, sent, done = sale.lines[0], sale.shipped_at, sale.completed_at
    part = (line.paid * 3 / 10).quantize(_CENT)

    def claim(number: int, amount: Decimal, at: datetime, *, succeeds: bool = True) -> Claim:
        name = lives._claim_id(sale, number)
        return Claim(name, line, amount, at, None, at + 40 * _MINUTE, succeeds=succeeds)

    odd = {
        1: (claim(0, part, sent + _MINUTE), claim(1, part, sent + 2 * _HOUR)),
        4: (
            claim(0, line.paid, sent + _MINUTE, succeeds=False),
            claim(1, line.paid, sent + 2 * _HOUR),
        ),
        7: (claim(0, part, done + 3 * _HOUR), claim(1, _CENT, done + 3 * _HOUR)),
        10: (claim(0, _CENT, sent + _MINUTE), claim(1, part, done + _HOUR, succeeds=False)),
    }
    return replace(sale, claims=odd.get(sale.id // 100 % 12, ()))
