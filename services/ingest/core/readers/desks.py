"""What all of an agent's day at a marketplace's service desk is, as a fact."""

from collections.abc import Callable

from services.ingest.core.readers.rows import (
    Document,
    Row,
    amount_in,
    number_in,
    objects_in,
    text_in,
    whole_in,
)
from services.schema.money import plain
from services.schema.shapes.feeds import Origin


def service_of(
    row: Row, origin: Origin, *, agent: str, is_satisfied: Callable[[int], bool]
) -> Document:
    """All of an agent's day; the mean wait is taken to be of those who were replied to.

    Marks that are null are not told: then nothing is said of satisfaction.
    """
    replied = whole_in(row, "replied", "/totals/answered")
    totals: Document = {
        "chats": replied + whole_in(row, "unreplied", "/totals/chats"),
        "answered": replied,
    }
    if row.get("marks") is not None:
        given = [
            (whole_in(mark, "score", "/totals"), whole_in(mark, "count", "/totals"))
            for mark in objects_in(row, "marks", "/totals")
        ]
        totals["satisfaction_answers"] = sum(count for _, count in given)
        totals["satisfied_answers"] = sum(count for score, count in given if is_satisfied(score))
    document: Document = {
        "source": origin.source,
        "id": number_in(row, "number"),
        "shop": origin.shop,
        "employee": origin.people.get(text_in(row, agent) or ""),
        "started_at": f"{number_in(row, 'day')}T00:00:00+08:00",
        "totals": totals,
        "modified_at": row.get("readAt"),
    }
    if row.get("avgTime") is not None:
        wait = amount_in(row, "avgTime", "/response_seconds")
        document |= {"response_seconds": plain(wait * replied), "responses": replied}
    return document
