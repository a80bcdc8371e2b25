"""How any marketplace's row is read: texts, amounts and counts, each at fault with its place."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from services.ingest.core.buyers import SEALED, Seal
from services.ingest.core.fields import Unfit, amount, count, instant
from services.schema.money import AMOUNT_PLACES, places_of, plain, share_out
from services.schema.shapes.facts import Fact
from services.schema.shapes.feeds import Article, Known, Origin, PaidOrder
from services.schema.written import Repeated

Row = Mapping[str, Any]
Document = dict[str, object]

WITHHELD = "withheld"
"""Under which a kept row names what stood in it and is not kept."""
_CENTS = 2
_is_name = re.compile("[A-Za-z][A-Za-z0-9_]{0,63}").fullmatch

_read_amount: Callable[[Any], Decimal] = amount().read
_read_signed: Callable[[Any], Decimal] = amount(negative=True).read
_read_count: Callable[[Any], int] = count(10**9).read
_read_instant: Callable[[Any], datetime] = instant().read


def text_in(row: Row, name: str) -> str | None:
    """A number or a text as text, to the last digit; empty is not stated."""
    value = row.get(name)
    if type(value) is int:
        return str(value)
    if value is None or type(value) is str:
        return value or None
    raise Unfit("text_invalid", f"{name} is neither a text nor a whole number.")


def number_in(row: Row, name: str) -> str:
    """What a row is known by; empty where it does not say."""
    try:
        return text_in(row, name) or ""
    except Unfit:
        return ""


def amount_in(row: Row, name: str, pointer: str, *, signed: bool = False) -> Decimal:
    """Money; below zero only where a marketplace writes it so."""
    try:
        return (_read_signed if signed else _read_amount)(row.get(name))
    except Unfit as unfit:
        raise Unfit(unfit.code, f"{name}: {unfit.detail}", pointer) from None


def count_in(row: Row, name: str, pointer: str) -> int:
    try:
        return _read_count(row.get(name))
    except Unfit as unfit:
        raise Unfit(unfit.code, f"{name}: {unfit.detail}", pointer) from None


def whole_in(row: Row, name: str, pointer: str) -> int:
    """A count that may be written as a text."""
    value = row.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return count_in({name: int(value[:20])}, name, pointer)
    return count_in(row, name, pointer)


def figure_in(row: Row, name: str, pointer: str) -> int | None:
    """A count that may be written as a text, or with a point and zeros; null is not stated."""
    if row.get(name) is None:
        return None
    number = amount_in(row, name, pointer)
    if number != int(number):
        raise Unfit("count_invalid", f"{name} is no whole number.", pointer)
    return int(number)


def objects_in(row: Row, name: str, pointer: str) -> list[Row]:
    """A list of objects; left out it is empty."""
    found = row.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise Unfit("list_expected", f"{name} is a list of objects.", pointer)
    return found


def chinese_time(row: Row, name: str) -> str | None:
    """A text of China's time, made complete; the check of the fact reads it."""
    value = text_in(row, name)
    return f"{value.replace(' ', 'T', 1)}+08:00" if value else None


def instant_in(
    row: Row, name: str, read: Callable[[Row, str], str | None] = text_in
) -> datetime | None:
    """A moment of a row that may be at fault in anything; null where it cannot be read."""
    try:
        return _read_instant(read(row, name))
    except Unfit:
        return None


def shared(paid: Decimal, prices: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """What was paid for some lines, shared out by their prices; the parts sum to it exactly."""
    goods = max(paid, Decimal(0))
    if not prices:
        return ()
    weights = prices if any(prices) else [Decimal(1) for _ in prices]
    return share_out(goods, weights, _CENTS if places_of(goods) <= _CENTS else AMOUNT_PLACES)


def kept(value: object, names: Collection[str]) -> object:
    """A value without what has another name, however deep; beside the rest stands what that was.

    Values that stay are as they were written. Of a name that no field has nothing is said but `*`:
    it may tell as much as what it holds.
    """
    if isinstance(value, Mapping):
        found = {name: kept(inner, names) for name, inner in value.items() if name in names}
        if len(found) < len(value):
            others = (name for name in value if name not in names)
            told = dict.fromkeys(name if _is_name(name) else "*" for name in others)
            found[WITHHELD] = list(told)
        return found
    if isinstance(value, list):
        return [kept(inner, names) for inner in value]
    if isinstance(value, Repeated):
        return replace(value, values=tuple(kept(inner, names) for inner in value.values))
    return value


def buyer_to_keep(
    row: Row, read: Callable[[Row], str | None], origin: Origin, seal: Seal
) -> str | list[str] | None:
    """Who bought as a hash, null for nobody; what cannot be read stays so: an empty list."""
    try:
        buyer = read(row)
    except Unfit:
        return []
    return SEALED + seal(origin.source, buyer) if buyer else None


def learn(
    lines: Iterable[tuple[str, str | None, int]],
    articles: Mapping[str, Article],
    *,
    paid_amount: Decimal,
    campaign: str | None,
) -> PaidOrder:
    """What is to be remembered of an order that is seen paid for the first time.

    Lines are told by number, article and pieces; of an article that the seller has said nothing
    about neither cost nor tags are known.
    """
    named = ((number, articles.get(sku or ""), pieces) for number, sku, pieces in lines)
    found = [(number, article, pieces) for number, article, pieces in named if article]
    return PaidOrder(
        paid_amount=paid_amount,
        cost_amount=sum((article.cost * pieces for _, article, pieces in found), Decimal(0)),
        campaign=campaign,
        tags={number: article.tags for number, article, _ in found},
    )


class Shelf(NamedTuple):
    """What lies there of one article."""

    pieces: Decimal | None
    """Null where nobody counts them; below zero what was sold and was not there."""
    sellable: Decimal | None
    """Of those, what can be sent at once; null where there is enough, however much that is."""


_EMPTY = Shelf(Decimal(0), Decimal(0))


def stock_of(row: Row, origin: Origin, shelves: Iterable[tuple[str, Shelf]]) -> Document:
    """A day's shelves, each with the number of its article; those of one article are one.

    Their worth is stated only if the pieces and the cost of everything on them are known. What can
    still be ordered and is not there is out of stock all the same.
    """
    articles: dict[str, Shelf] = {}
    for sku, shelf in shelves:
        other = articles.get(sku, _EMPTY)
        articles[sku] = Shelf(
            _sum(other.pieces, shelf.pieces), _sum(other.sellable, shelf.sellable)
        )
    worth = [
        article.cost * shelf.pieces
        for sku, shelf in articles.items()
        if shelf.pieces is not None and (article := origin.articles.get(sku))
    ]
    return {
        "source": origin.source,
        "shop": origin.shop,
        "day": text_in(row, "day"),
        "skus": len(articles),
        "skus_out": sum(
            shelf.sellable is not None and shelf.sellable <= 0 for shelf in articles.values()
        ),
        "stock_value": plain(sum(worth, Decimal(0))) if len(worth) == len(articles) else None,
        "modified_at": row.get("readAt"),
    }


def as_it_stands(fact: Fact, day: str, known: Known) -> Fact:
    """A day's figures; where they are those that are stored, they are as old as those.

    A marketplace does not say when a figure has changed: they come again until they stand.
    """
    stored = known.daily.get(day)
    if stored is not None and replace(fact, modified_at=stored.modified_at) == stored:
        return stored
    return fact


def _sum(some: Decimal | None, more: Decimal | None) -> Decimal | None:
    return None if some is None or more is None else some + more
