"""What each method of TOP answers, with its windows, its page sizes and its own oddities."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from sandbox.books import Books
from sandbox.sales import Sale
from sandbox.shops import Shop
from sandbox.taobao import desk
from sandbox.taobao.books import full_refund, full_trade, statistics
from sandbox.taobao.params import (
    Entry,
    Params,
    chosen,
    invalid,
    number,
    optional_span,
    page_of,
    read_time,
    required,
    span,
    time_text,
)
from sandbox.taobao.rows import STATUS, Row, rating_row, refund_row, staff_rows, trade_row

Method = Callable[[Params, Shop, Books, datetime], Row]

_THREE_MONTHS, _TWO_YEARS = timedelta(days=92), timedelta(days=731)
_HALF_A_YEAR = timedelta(days=180)
_RATINGS_OF_A_RANGE = 1500
# The kinds of trade that are listed where none is asked for; the others must be named.
_USUAL_TYPES = "guarantee_trade,auto_delivery,ec,cod,step"
_IN_GUARANTEE = ("fixed", "auction")


def _sold(params: Params, shop: Shop, books: Books, at: datetime) -> Row:
    """taobao.trades.sold.get: by time of creation."""
    first, last = optional_span(params, "start_created", "end_created", at, reach=_THREE_MONTHS)
    found = [
        (sale.created_at, modified, sale)
        for modified, sale in books.sales(shop, at)
        if first <= sale.created_at <= last
    ]
    return _trades(params, found, at)


def _sold_history(params: Params, shop: Shop, books: Books, at: datetime) -> Row:
    """taobao.trades.sold.history.get: by time of creation, from before three months ago."""
    given = {"end_created": time_text(at - _THREE_MONTHS), **params}
    first, last = optional_span(given, "start_created", "end_created", at, reach=_TWO_YEARS)
    if last > at - _THREE_MONTHS:
        raise invalid("end_created", "less than three months ago")
    found = [
        (sale.created_at, modified, sale)
        for modified, sale in books.sales(shop, at)
        if first <= sale.created_at <= last
    ]
    return _trades(params, found, at)


def _sold_increment(params: Params, shop: Shop, books: Books, at: datetime) -> Row:
    """taobao.trades.sold.increment.get: by time of change, a day at most."""
    first, last = span(params, "start_modified", "end_modified")
    if last - first > timedelta(days=1):
        raise invalid("start_modified", "the range is longer than a day")
    found = [
        (modified, modified, sale)
        for modified, sale in books.sales(shop, at)
        if first <= modified <= last
    ]
    return _trades(params, found, at)


def _trades(params: Params, found: Iterable[tuple[datetime, datetime, Sale]], at: datetime) -> Row:
    """A page of trades, each with the time it is sorted by and that of its last change."""
    types = set(params.get("type", _USUAL_TYPES).split(","))
    if "guarantee_trade" in types:
        types.update(_IN_GUARANTEE)
    status = params.get("status")
    entries: list[Entry] = [
        (moment, str(sale.id), partial(trade_row, sale, at, modified))
        for moment, modified, sale in found
        if sale.type in types and status in (None, STATUS[sale.status(at)])
    ]
    return page_of(params, entries, ("trades", "trade"), largest=100)


def _full_info(params: Params, shop: Shop, books: Books, at: datetime) -> Row:
    """taobao.trade.fullinfo.get: one trade of the last three months, with its promotions."""
    row = full_trade(books, shop, number(params, "tid"), at)
    if read_time(str(row["created"])) < at - _THREE_MONTHS:
        raise invalid("tid", "a trade of long ago")
    return {"trade": chosen(row, params)}


def _simple_info(params: Params, shop: Shop, books: Books, at: datetime) -> Row:
    """taobao.trade.simple.get: one trade, however old."""
    return {"trade": chosen(full_trade(books, shop, number(params, "tid"), at), params)}


def _refunds(params: Params, shop: Shop, books: Books, at: datetime) -> Row:
    """taobao.refunds.receive.get: by time of change, where it is given."""
    first, last = optional_span(params, "start_modified", "end_modified", at, reach=_THREE_MONTHS)
    entries: list[Entry] = [
        (modified, claim.id, partial(refund_row, sale, claim, at))
        for modified, sale, claim in books.claims(shop, at)
        if first <= modified <= last
    ]
    return page_of(params, entries, ("refunds", "refund"), largest=100)


def _refund(params: Params, shop: Shop, books: Books, at: datetime) -> Row:
    """taobao.refund.get: one refund, with the time it ended."""
    return {"refund": chosen(full_refund(books, shop, number(params, "refund_id"), at), params)}


def _ratings(params: Params, shop: Shop, books: Books, at: datetime) -> Row:
    """taobao.traderates.get: what buyers gave, 1,500 of a range and no more."""
    if required(params, "rate_type") != "get" or required(params, "role") != "buyer":
        raise invalid("rate_type", "the sandbox knows what buyers gave")
    if "page_no" in params and number(params, "page_no") > 200:
        raise invalid("page_no", "beyond 200")
    first, last = optional_span(params, "start_date", "end_date", at, reach=_HALF_A_YEAR)
    entries: list[Entry] = [
        (review.created_at, str(review.line.id), partial(rating_row, sale, review))
        for sale, review in books.reviews(shop, at)
        if first <= review.created_at <= last
    ]
    newest = sorted(entries, key=lambda entry: entry[:2], reverse=True)[:_RATINGS_OF_A_RANGE]
    return page_of(params, newest, ("trade_rates", "trade_rate"), largest=150)


def _statistics(params: Params, shop: Shop, books: Books, at: datetime) -> Row:
    """taobao.jds.trades.statistics.get: how many trades of a day stand where."""
    text = required(params, "date")
    try:
        day = read_time(f"{text[:4]}-{text[4:6]}-{text[6:]} 00:00:00").date()
    except ValueError as error:
        raise invalid("date", "not a day such as 20261031") from error
    counts = sorted(statistics(books, shop, day, at).items())
    infos = [{"status": status, "count": count} for status, count in counts]
    return {"status_infos": {"status_info": infos}} if infos else {}


def _staff(params: Params, shop: Shop, books: Books, at: datetime) -> Row:  # noqa: ARG001 - one form for all
    """taobao.sellercenter.subusers.get: the accounts that work in a shop."""
    required(params, "nick")
    return {"subusers": {"sub_user_info": staff_rows(shop)}}


METHODS: dict[str, Method] = {
    "taobao.trades.sold.get": _sold,
    "taobao.trades.sold.increment.get": _sold_increment,
    "taobao.trades.sold.history.get": _sold_history,
    "taobao.trade.fullinfo.get": _full_info,
    "taobao.trades.simple.sold.get": _sold,
    "taobao.trades.simple.sold.increment.get": _sold_increment,
    "taobao.trade.simple.get": _simple_info,
    "taobao.refunds.receive.get": _refunds,
    "taobao.refund.get": _refund,
    "taobao.traderates.get": _ratings,
    "taobao.jds.trades.statistics.get": _statistics,
    "taobao.sellercenter.subusers.get": _staff,
    **desk.METHODS,
}
