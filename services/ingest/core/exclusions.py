"""Whether an order may be excluded, or an exclusion undone."""

from collections.abc import Iterable

from services.schema.errors import Conflict, Fault, Forbidden
from services.schema.shapes.exclusions import LedgerEntry, SoldOrder
from services.schema.shapes.people import Caller


def check_known(order: SoldOrder | None) -> SoldOrder:
    """An order that is here; refuses one that has not come, or was mistyped."""
    if order is None:
        detail = "No order of this source has this id."
        raise Conflict("unknown_order", detail, [Fault("/order", "unknown_order", detail)])
    return order


def check_others(order: SoldOrder, caller: Caller) -> None:
    """Refuses who would move their own pay."""
    if order.salesperson and order.salesperson == caller.employee:
        raise Forbidden("own_order", "Nobody excludes or restores orders of their own.")


def check_not_excluded(entries: Iterable[LedgerEntry]) -> None:
    """One exclusion holds at a time: whoever has another reason undoes the first."""
    for entry in entries:
        if entry.undone is None:
            detail = f"{entry.id} excludes this order already."
            raise Conflict(
                "already_excluded", detail, [Fault("/order", "already_excluded", detail)]
            )


def at_place(refusal: Conflict, place: int) -> Conflict:
    """The same refusal of one of many."""
    faults = [Fault(f"/{place}{each.pointer}", each.code, each.detail) for each in refusal.faults]
    return Conflict(refusal.code, refusal.detail, faults)


def check_not_undone(entry: LedgerEntry) -> None:
    if entry.undone is not None:
        raise Conflict("already_undone", f"{entry.undone.id} has undone this exclusion.")
