"""What must hold after every commit, and at the end: facts against the ledger of truth."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from tests.simulation.shelves import Key, Shelf, Standing
from tests.simulation.truths import Shown, Truth

OVERLAP = timedelta(minutes=10)


class Promises:
    """Of all tenants; what is broken is told."""

    def __init__(
        self, truths: Mapping[tuple[int, str], Truth], unsafe: Callable[[str], None]
    ) -> None:
        """`truths` by tenant and shop."""
        self._truths = truths
        self._unsafe = unsafe
        self._before: dict[int, Shelf] = {}

    def check_commit(self, tenant: int, shelf: Shelf, at: float) -> None:
        before = self._before.get(tenant)
        for key, fact in shelf.facts.items():
            stood = before.facts.get(key) if before else None
            if stood == fact:
                continue
            if stood is not None:
                self._check_newer(key, stood, fact)
            self._check_stated(tenant, key, fact)
        if before:
            for key in before.facts.keys() - shelf.facts.keys():
                self._unsafe(f"{key} is gone")
        self._check_shelf(shelf)
        for (shop, kind), (cursor, _) in shelf.cursors.items():
            stood_at = before.cursors.get((shop, kind), (None,))[0] if before else None
            if cursor is None or cursor == stood_at:
                continue
            if stood_at is not None and cursor < stood_at:
                self._unsafe(f"the cursor of {shop} {kind} went back")
            self._check_seen(tenant, shop, kind, cursor, shelf, at)
        if before:
            self._check_places(before, shelf)
        self._before[tenant] = shelf

    def check_end(self, tenant: int, shelf: Shelf) -> None:
        """Facts equal the truth to the cent and to the order; what cannot be read is kept."""
        missing = dict.fromkeys(shelf.facts)
        for truth in self._of(tenant).values():
            for kind in truth.kinds:
                for row in truth.at_last(kind):
                    missing.pop(row.key, None)
                    self._check_truth(row, shelf)
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

    def _check_truth(self, row: Shown, shelf: Shelf) -> None:
        key, fact = row.key, shelf.facts.get(row.key)
        if not row.standings:
            if key not in shelf.rejected:
                self._unsafe(f"S12: {key} cannot be read, and is not kept")
        elif fact is None:
            self._unsafe(f"{key} is lost: {row.standings}")
        elif fact not in row.standings:
            self._unsafe(f"{key} is {fact}, in truth {row.standings}")
        elif key in shelf.rejected:
            self._unsafe(f"{key} is good, and still among the refused")

    def _check_newer(self, key: Key, stood: Standing, fact: Standing) -> None:
        if fact.modified <= stood.modified:
            self._unsafe(f"S06: {key} went back from {stood.modified} to {fact.modified}")
        if stood.counts_at not in {None, fact.counts_at}:
            self._unsafe(f"T01: {key} counted on {stood.counts_at}, now on {fact.counts_at}")

    def _check_places(self, before: Shelf, shelf: Shelf) -> None:
        """What of a backfill has landed is not read again."""
        for job, begun in before.places.items():
            place = shelf.places[job]
            if begun is not None and (place is None or place < begun):
                self._unsafe(f"the backfill {job} went back from {begun} to {place}")

    def _check_stated(self, tenant: int, key: Key, fact: Standing) -> None:
        """Nothing is stored that its shop's marketplace never said."""
        kind, source, number = key
        truth = self._of(tenant).get(source.partition(":")[2])
        if truth is None or truth.source != source or fact not in truth.ever(kind, number):
            self._unsafe(f"{key} of tenant {tenant} is {fact}, which was never said")

    def _check_seen(
        self, tenant: int, shop: str, kind: str, cursor: datetime, shelf: Shelf, at: float
    ) -> None:
        """What lies further before the cursor than is read again has been taken in."""
        for row in self._of(tenant)[shop].shown(kind, at):
            if row.stamp >= cursor - OVERLAP:
                continue
            fact = shelf.facts.get(row.key)
            if row.key not in shelf.rejected and (fact is None or fact.modified < row.modified):
                self._unsafe(f"the cursor {cursor} has passed {row.key} of {row.stamp}")

    def _of(self, tenant: int) -> dict[str, Truth]:
        return {shop: truth for (of, shop), truth in self._truths.items() if of == tenant}


def _changed_at(body: str) -> datetime:
    """As a row that was refused says itself."""
    row = json.loads(body)
    names = ("modified", "updated_at", "updated_time")
    chinese = (f"{row[name]}+08:00" for name in names if name in row)
    text: str = row.get("updatedAt") or next(chinese)
    return datetime.fromisoformat(text)
