"""What a fact adds up to by itself: the sums of an order's lines, and the days it counts on."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from services.schema.shapes.facts import LINE_TAGS, Order, OrderLine

_NOTHING = Decimal(0)


def tag_amounts(lines: tuple[OrderLine, ...]) -> tuple[Decimal, ...]:
    """What the lines under each tag amount to, in the order of LINE_TAGS."""
    sums: dict[str, Decimal] = {}
    for line in lines:
        for tag in set(line.tags):
            sums[tag] = sums.get(tag, _NOTHING) + line.amount
    return tuple(sums.get(tag, _NOTHING) for tag in LINE_TAGS)


def units_sold(lines: tuple[OrderLine, ...]) -> int:
    return sum(line.quantity for line in lines)


def skus(lines: tuple[OrderLine, ...]) -> int:
    """Different articles."""
    return len({line.sku for line in lines})


def placed_at(order: Order) -> datetime:
    """When an order counts as placed: where nobody says, when it was paid, or last heard of."""
    return order.created_at or order.paid_at or order.modified_at


def day_in(zone: ZoneInfo, instant: datetime) -> date:
    """The local day of an instant (`domain.md`, section 4)."""
    return instant.astimezone(zone).date()
