"""What should be known of a marketplace's ledger, by what its protocol shows of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from tests.simulation.ledgers import Ledger, State, Version, refunds_in
from tests.simulation.pinduoduo import is_told
from tests.simulation.shelves import Key, Standing

_WORDS = {"WAIT_SELLER_AGREE": "requested", "CLOSED": "closed", "SUCCESS": "succeeded"}
_SCORES = {"good": 5, "neutral": 3, "bad": 1}


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as a marketplace shows it."""

    key: Key
    stamp: datetime
    """By which it is found in a window."""
    modified: datetime
    standings: tuple[Standing, ...]
    """Any of these, by what was seen of it first; empty for one that cannot be read."""


class Truth:
    """Of a shop on TOP: each order, refund and rating says itself when it has changed."""

    kinds: tuple[str, ...] = ("orders", "refunds", "ratings")

    def __init__(self, ledger: Ledger, source: str, currency: str) -> None:
        self.ledger = ledger
        self.source = source
        self.currency = currency

    def shown(self, kind: str, at: float) -> Iterable[Shown]:
        """What somebody sees who asks at an instant."""
        return self._rows(kind, self.ledger.seen(kind, at))

    def at_last(self, kind: str) -> Iterable[Shown]:
        """What everybody sees in the end."""
        return self._rows(kind, self.ledger.last(kind).values())

    def ever(self, kind: str, number: str) -> list[Standing]:
        """All that was ever said of one."""
        known = self.ledger.versions[kind].get(int(number), [])
        return [each for version in known for each in self._expected_any(kind, version)]

    def _rows(self, kind: str, versions: Iterable[Version]) -> Iterator[Shown]:
        for version in versions:
            standings = () if version.state.poisoned else self._expected_any(kind, version)
            key = kind, self.source, str(version.state.number)
            yield Shown(key, version.stamp, version.stamp, standings)

    def _expected_any(self, kind: str, version: Version) -> tuple[Standing, ...]:
        return (self._expected(kind, version),)

    def _expected(self, kind: str, version: Version) -> Standing:
        """A state as we should know it."""
        state = version.state
        if kind == "ratings":
            score = Decimal(_SCORES[state.word])
            return Standing(version.stamp, "", score, version.stamp, "", "")
        if kind == "refunds":
            word = _WORDS[state.word]
            return Standing(version.stamp, word, state.amount, state.ended, "", self.currency)
        is_paid = state.paid is not None
        return Standing(
            version.stamp,
            state.word,
            state.amount if is_paid else Decimal(0),
            state.paid,
            _campaign(state) if is_paid else "",
            self.currency,
        )


class PinduoduoTruth(Truth):
    """Of a shop on Pinduoduo: who has not paid is never heard of, nor is when money went back."""

    kinds = ("orders", "refunds")

    def _rows(self, kind: str, versions: Iterable[Version]) -> Iterator[Shown]:
        return super()._rows(kind, (each for each in versions if is_told(kind, each.state)))

    def _expected_any(self, kind: str, version: Version) -> tuple[Standing, ...]:
        """A refund counts when it was first seen to be one: at any change since it was."""
        standing = replace(self._expected(kind, version), campaign="")
        if standing.status != "succeeded":
            return (standing,)
        return tuple(
            replace(standing, counts_at=each.stamp)
            for each in self.ledger.versions[kind][version.state.number]
            if each.state.ended and not each.state.poisoned and each.stamp <= version.stamp
        )


class ShopifyTruth(Truth):
    """Of a shop on Shopify: refunds are told by their order, once the money has gone back."""

    kinds = ("orders", "refunds")

    def shown(self, kind: str, at: float) -> Iterable[Shown]:
        orders = self.ledger.seen("orders", at)
        return self._rows(kind, orders) if kind == "orders" else self._refunds(orders)

    def at_last(self, kind: str) -> Iterable[Shown]:
        orders = self.ledger.last("orders").values()
        return self._rows(kind, orders) if kind == "orders" else self._refunds(orders)

    def ever(self, kind: str, number: str) -> list[Standing]:
        if kind == "orders":
            return super().ever(kind, number)
        known = self.ledger.versions[kind].get(int(number), [])
        return [self._paid_back(each.state) for each in known if each.state.word == "SUCCESS"]

    def _refunds(self, orders: Iterable[Version]) -> Iterator[Shown]:
        for order in orders:
            for state in refunds_in(self.ledger, order):
                standing = self._paid_back(state)
                key = "refunds", self.source, str(state.number)
                yield Shown(key, order.stamp, standing.modified, (standing,))

    def _paid_back(self, state: State) -> Standing:
        assert state.ended is not None
        return Standing(state.ended, "succeeded", state.amount, state.ended, "", self.currency)


def _campaign(state: State) -> str:
    return f"C{state.number % 3}" if state.off else ""
