"""What must hold after every commit, and at the end: facts against the ledger of truth."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from tests.simulation.ledgers import Ledger, State, Version
from tests.simulation.shelves import Key, Shelf, Standing

OVERLAP = timedelta(minutes=10)
KINDS = ("orders", "refunds")
_WORDS = {"WAIT_SELLER_AGREE": "requested", "CLOSED": "closed", "SUCCESS": "succeeded"}


class Promises:
    """Of all tenants; what is broken is told."""

    def __init__(
        self, ledgers: Mapping[tuple[int, str], Ledger], unsafe: Callable[[str], None]
    ) -> None:
        """`ledgers` by tenant and shop."""
        self._ledgers = ledgers
        self._unsafe = unsafe
        self._before: dict[int, Shelf] = {}

    def check_commit(self, tenant: int, shelf: Shelf, at: float) -> None:
        before = self._before.get(tenant)
        for key, fact in shelf.facts.items():
            stood = before.facts.get(key) if before else None
            if stood == fact:
                continue
            if stood is not None and fact.modified <= stood.modified:
                self._unsafe(f"S06: {key} went back from {stood.modified} to {fact.modified}")
            self._check_stated(tenant, key, fact)
        if before:
            for key in before.facts.keys() - shelf.facts.keys():
                self._unsafe(f"{key} is gone")
        self._check_shelf(shelf)
        for (shop, kind), (cursor, _) in shelf.cursors.items():
            stood_at = before.cursors.get((shop, kind), (None,))[0] if before else None
            if cursor is None or cursor == stood_at or kind not in KINDS:
                continue
            if stood_at is not None and cursor < stood_at:
                self._unsafe(f"the cursor of {shop} {kind} went back")
            self._check_seen(tenant, shop, kind, cursor, shelf, at)
        self._before[tenant] = shelf

    def check_end(self, tenant: int, shelf: Shelf) -> None:
        """Facts equal the truth to the cent and to the order; what cannot be read is kept."""
        missing = dict.fromkeys(shelf.facts)
        for shop, ledger in self._of(tenant).items():
            for kind in KINDS:
                for number, version in ledger.last(kind).items():
                    key = kind, f"tmall:{shop}", str(number)
                    missing.pop(key, None)
                    self._check_truth(key, version, shelf)
        for key in missing:
            self._unsafe(f"{key} is nobody's")
        self._check_shelf(shelf)

    def _check_shelf(self, shelf: Shelf) -> None:
        for key, bodies in shelf.rejected.items():
            if len(set(bodies)) < len(bodies):
                self._unsafe(f"S12: {key} is kept twice")
            fact = shelf.facts.get(key)
            if fact is not None and any(_changed_at(body) < fact.modified for body in bodies):
                self._unsafe(f"S12: {key} is good by now, and an older row of it is kept")
        if shelf.measures != shelf.recounted:
            self._unsafe("measures are not what the facts add up to")

    def _check_truth(self, key: Key, version: Version, shelf: Shelf) -> None:
        fact = shelf.facts.get(key)
        if version.state.poisoned:
            if key not in shelf.rejected:
                self._unsafe(f"S12: {key} cannot be read, and is not kept")
        elif fact is None:
            self._unsafe(f"{key} is lost: {version}")
        elif fact != expected(key[0], version):
            self._unsafe(f"{key} is {fact}, in truth {expected(key[0], version)}")
        elif key in shelf.rejected:
            self._unsafe(f"{key} is good, and still among the refused")

    def _check_stated(self, tenant: int, key: Key, fact: Standing) -> None:
        """Nothing is stored that its shop's marketplace never said."""
        kind, source, number = key
        ledger = self._of(tenant).get(source.removeprefix("tmall:"))
        known = ledger.versions[kind].get(int(number), []) if ledger else []
        if not any(expected(kind, version) == fact for version in known):
            self._unsafe(f"{key} of tenant {tenant} is {fact}, which was never said")

    def _check_seen(
        self, tenant: int, shop: str, kind: str, cursor: datetime, shelf: Shelf, at: float
    ) -> None:
        """What lies further before the cursor than is read again has been taken in."""
        for version in self._of(tenant)[shop].seen(kind, at):
            key = kind, f"tmall:{shop}", str(version.state.number)
            if version.stamp >= cursor - OVERLAP:
                continue
            fact = shelf.facts.get(key)
            if key not in shelf.rejected and (fact is None or fact.modified < version.stamp):
                self._unsafe(f"the cursor {cursor} has passed {key} of {version.stamp}")

    def _of(self, tenant: int) -> dict[str, Ledger]:
        return {shop: ledger for (of, shop), ledger in self._ledgers.items() if of == tenant}


def _changed_at(body: str) -> datetime:
    """As a row that was refused says itself."""
    text: str = json.loads(body)["modified"]
    return datetime.fromisoformat(f"{text}+08:00")


def expected(kind: str, version: Version) -> Standing:
    """A state as we should know it."""
    state = version.state
    if kind == "refunds":
        word = _WORDS[state.word]
        return Standing(version.stamp, word, state.amount, state.ended, "")
    is_paid = state.paid is not None
    return Standing(
        version.stamp,
        state.word,
        state.amount if is_paid else Decimal(0),
        state.paid,
        _campaign(state) if is_paid else "",
    )


def _campaign(state: State) -> str:
    return f"C{state.number % 3}" if state.off else ""
