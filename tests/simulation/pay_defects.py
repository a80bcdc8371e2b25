"""Defects of one line in what cards and pay are made of: found on PostgreSQL, where they are."""

from collections.abc import Callable
from typing import Any

from services.api.flows import corrections, values
from services.ingest.flows import landing
from tests.simulation.patches import Patch


def nothing_is_marked(patch: Patch) -> None:
    """Cards hear of nothing that lands."""

    async def leave(*_: Any) -> None:
        return None

    patch(landing, "mark_touched", leave)


def corrections_add_up(patch: Patch) -> None:
    """A correction states the whole amount, whatever has been paid of it."""
    patch(corrections, "correction", lambda new, _stated: new)


def refunds_on_their_own_day(patch: Patch) -> None:
    """In pay, too."""
    read: Any = vars(values)["read_sums"]

    async def read_plainly(session: Any, query: Any, *, home: str, **_: Any) -> Any:
        return await read(session, query, home=home)

    patch(values, "read_sums", read_plainly)


OF_PAY: tuple[Callable[[Patch], None], ...] = (
    nothing_is_marked,
    corrections_add_up,
    refunds_on_their_own_day,
)
