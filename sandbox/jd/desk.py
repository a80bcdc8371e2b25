"""What JD counts of a shop's service desk: by agent and day, for days that are over."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sandbox.daily import chats_of
from sandbox.jd.rows import Row, sales_pin
from sandbox.lives import midnight
from sandbox.shops import Shop

MARKS = (0, 25, 50, 75, 100)


def agents_of(shop: Shop) -> list[str]:
    """JD's names of those who talk to buyers; one of them has not begun to."""
    return [*(sales_pin(code) for code in shop.guides), "qinghe_new"]


def days_told(first: date, last: date, at: datetime) -> Iterator[date]:
    """Both ends belong to the span; nothing is told of a day that is not over."""
    day = first
    while day <= last and midnight(day + timedelta(days=1)) <= at:
        yield day
        day += timedelta(days=1)


def chats(shop: Shop, day: date, agent: str) -> list[Row]:
    return [row for row in chats_of(shop, day) if sales_pin(str(row["employee"])) == agent]


def count_rows(shop: Shop, day: date, agent: str, *, answered: bool) -> list[Row]:
    """Sessions that were answered, or were not; the number is a text."""
    found = chats(shop, day, agent)
    if not found:
        return []
    count = sum(row["answered"] is answered for row in found)
    return [{"date": day.isoformat(), "waiter": agent, "result": str(count)}]


def mark_rows(shop: Shop, day: date, agent: str) -> list[Row]:
    """How often each mark was given; what was not given is left out."""
    given: dict[int, int] = {}
    for number, row in enumerate(chats(shop, day, agent)):
        if row["satisfied"] is not None:
            mark = MARKS[3 + number % 2] if row["satisfied"] else MARKS[number % 3]
            given[mark] = given.get(mark, 0) + 1
    return [
        {"date": day.isoformat(), "waiter": agent, "score": mark, "count": count}
        for mark, count in sorted(given.items())
    ]


def mean_wait(shop: Shop, day: date, agent: str) -> int:
    """Whole seconds; of nobody it is nought."""
    waits = [
        int(str(row["first_response_seconds"]))
        for row in chats(shop, day, agent)
        if row["answered"]
    ]
    return sum(waits) // len(waits) if waits else 0
