"""Doudian's tokens: pairs that follow one another, each good for a week and a fortnight."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from sandbox.shops import MARKETPLACE_SHOPS, Shop

_WEEK, _FORTNIGHT, _HOUR = timedelta(days=7), timedelta(days=14), timedelta(hours=1)
_AHEAD = 60
"""A gateway that is started again knows the pairs that it gave before by their form."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What opens a shop, and what gives the next pair."""

    number: int
    access: str
    refresh: str
    given_at: datetime | None = None

    def access_ends(self) -> datetime:
        assert self.given_at
        return self.given_at + _WEEK

    def refresh_ends(self) -> datetime:
        assert self.given_at
        return self.given_at + _FORTNIGHT


def pair_of(shop: str, number: int, given_at: datetime | None = None) -> Pair:
    """The same whenever it is asked for."""
    made = sha256(f"qinghe sandbox pair {shop} {number}".encode()).hexdigest()
    return Pair(number, f"act.{made[:32]}", f"rft.{made[32:]}", given_at)


def number_of(shop: Shop) -> str:
    """By which an application of the seller's own is let in."""
    return str(4_463_700 + shop.number)


def code_of(shop: str) -> str:
    """What a seller's consent gives an application of somebody else's, good for one pair."""
    return sha256(f"qinghe sandbox code {shop}".encode()).hexdigest()[:24]


def first_pair(shop: str) -> Pair:
    """What a shop's consent gave."""
    return pair_of(shop, 0)


@dataclass(slots=True)
class Tokens:
    """The pair that opens each shop now."""

    now: Callable[[], datetime]
    pairs: dict[str, Pair] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    """Codes for which a pair was given."""

    def __post_init__(self) -> None:
        for shop in MARKETPLACE_SHOPS:
            if shop.marketplace == "douyin":
                self.pairs[shop.code] = pair_of(shop.code, 0, self.now())

    def shop_of(self, access: str) -> tuple[str, bool]:
        """Whose token it is, and whether it still opens the shop; empty if nobody's."""
        for shop, pair in self.pairs.items():
            if access == pair.access:
                return shop, self.now() < pair.access_ends()
        return "", False

    def create(self, grant_type: object, code: object, shop_id: object) -> Pair | None:
        """The first pair, or a new one once the last has run out; null where nothing is granted."""
        at = self.now()
        for shop in MARKETPLACE_SHOPS:
            pair = self.pairs.get(shop.code)
            by_shop = grant_type == "authorization_self" and (code, shop_id) == (
                "",
                number_of(shop),
            )
            by_code = grant_type == "authorization_code" and code == code_of(shop.code)
            if pair is None or not (by_shop or by_code) or (by_code and code in self.taken):
                continue
            if by_code:
                self.taken.add(code_of(shop.code))
            if by_code or at >= pair.access_ends():
                self.pairs[shop.code] = pair_of(shop.code, pair.number + 1, at)
            return self.pairs[shop.code]
        return None

    def renew(self, refresh: str) -> Pair | None:
        """The next pair; too early it is the same one again, too late none."""
        at = self.now()
        for shop, pair in self.pairs.items():
            if refresh == pair.refresh:
                if at >= pair.refresh_ends():
                    return None
                if at < pair.access_ends() - _HOUR:
                    return pair
                self.pairs[shop] = pair_of(shop, pair.number + 1, at)
                return self.pairs[shop]
            for number in range(pair.number + 1, pair.number + _AHEAD):
                if refresh == pair_of(shop, number).refresh:
                    self.pairs[shop] = pair_of(shop, number + 1, at)
                    return self.pairs[shop]
        return None
