"""What TOP counts of a shop's service desk: by account and day, for days that are over."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

from sandbox.books import Books
from sandbox.daily import chats_of
from sandbox.lives import midnight
from sandbox.shops import SHOPS, ZONE, Shop
from sandbox.taobao.params import Params, invalid, moment, read_time, required, time_text
from sandbox.taobao.rows import Row, account_name, staff_rows

_PREFIX = "cntaobao"
_DAY, _WEEK, _REACH = timedelta(days=1), timedelta(days=7), timedelta(days=90)
_MOST_COUNTED, _MOST_EVALUATED = 30, 10
# Of a family that was withdrawn, and the one that came after it: the best is 0 here.
_CODES = (0, 1, 2, 3, 4)

Counted = Callable[[Sequence[Row]], dict[str, object]]
Method = Callable[[Params, Shop, Books, datetime], Row]


def people() -> dict[str, str]:
    """Who is meant by the accounts that work in shops of Taobao and Tmall."""
    return {
        account_name(shop, code): code
        for shop in SHOPS
        if shop.marketplace in {"taobao", "tmall"}
        for code in shop.guides
    }


def accounts_of(shop: Shop) -> list[str]:
    """The seller's own, in which nobody talks, and those that work under it."""
    return [shop.name, *(str(row["nick"]) for row in staff_rows(shop))]


def chats(shop: Shop, day: date, account: str) -> list[Row]:
    return [
        row for row in chats_of(shop, day) if account_name(shop, str(row["employee"])) == account
    ]


def seller(params: Params, shop: Shop, _books: Books, _at: datetime) -> Row:
    """taobao.user.seller.get: whose shop it is."""
    if required(params, "fields") != "nick":
        raise invalid("fields", "the sandbox knows the nick alone")
    return {"user": {"nick": shop.name}}


def counting(
    days: tuple[str, str], day_name: str, ids: tuple[str, str], id_name: str, counted: Counted
) -> Method:
    """A method of `taobao.wangwang.eservice`: so many of each account's sessions on each day."""

    def answer(params: Params, shop: Shop, _books: Books, at: datetime) -> Row:
        accounts = _accounts(params, "service_staff_id", _MOST_COUNTED)
        first, last = moment(params, "start_date"), moment(params, "end_date")
        if last >= midnight(at.astimezone(ZONE).date()):
            raise invalid("end_date", "today is not told")
        _refuse_span("start_date", first, last, at)
        told = []
        for day in _days(first, last):
            found = [(account, chats(shop, day, account)) for account in accounts]
            rows = [{id_name: _PREFIX + name, **counted(of)} for name, of in found if of]
            if rows:
                told.append({day_name: time_text(midnight(day)), ids[0]: {ids[1]: rows}})
        return {days[0]: {days[1]: told}} if told else {}

    return answer


def evaluations(params: Params, shop: Shop, _books: Books, at: datetime) -> Row:
    """taobao.qianniu.kefueval.get: what buyers gave, and what the system gave for them."""
    accounts = _accounts(params, "query_ids", _MOST_EVALUATED)
    first, last = _packed(params, "btime"), _packed(params, "etime")
    if last > at - _DAY:
        raise invalid("etime", "less than a day ago")
    _refuse_span("btime", first, last, at)
    rows = [
        row
        for day in _days(first, last)
        for account in accounts
        for row in evaluation_rows(shop, day, account)
        if first <= read_time(str(row["eval_time"])) <= last
    ]
    return {"staff_eval_details": {"eval_detail": rows}} if rows else {}


def evaluation_rows(shop: Shop, day: date, account: str) -> list[Row]:
    """One for each buyer who said something, and now and then one that nobody gave."""
    rows: list[Row] = []
    for number, row in enumerate(chats(shop, day, account)):
        sent = max(datetime.fromisoformat(str(row["started_at"])), midnight(day))
        said = min(sent + timedelta(minutes=5), midnight(day) + _DAY - timedelta(seconds=1))
        told = {
            "eval_sender": _PREFIX + account,
            "eval_recer": f"{_PREFIX}buyer{number}",
            "send_time": time_text(sent),
            "eval_time": time_text(said),
        }
        if row["satisfied"] is not None:
            code = _CODES[number % 2] if row["satisfied"] else _CODES[2 + number % 3]
            rows.append({**told, "eval_code": code, "source": number % 2})
        elif number % 3 == 0:
            rows.append({**told, "eval_code": _CODES[0], "source": 2})
    return rows


def _replied(rows: Sequence[Row]) -> dict[str, object]:
    return {"reply_num": sum(row["answered"] is True for row in rows)}


def _unreplied(rows: Sequence[Row]) -> dict[str, object]:
    left = [number for number, row in enumerate(rows) if row["answered"] is False]
    buyers = ",".join(f"{_PREFIX}buyer{number}" for number in left)
    return {"non_reply_num": len(left), "non_reply_customId": buyers}


def _mean_wait(rows: Sequence[Row]) -> dict[str, object]:
    waits = [int(str(row["first_response_seconds"])) for row in rows if row["answered"]]
    return {"avg_waiting_times": sum(waits) // len(waits) if waits else 0}


METHODS: dict[str, Method] = {
    "taobao.user.seller.get": seller,
    "taobao.qianniu.kefueval.get": evaluations,
    "taobao.wangwang.eservice.receivenum.get": counting(
        ("reply_stat_list_on_days", "reply_stat_on_day"),
        "reply_date",
        ("reply_stat_by_ids", "reply_stat_by_id"),
        "user_id",
        _replied,
    ),
    "taobao.wangwang.eservice.noreplynum.get": counting(
        ("non_reply_stat_on_days", "non_reply_stat_on_day"),
        "nonreply_date",
        ("nonreply_stat_by_ids", "nonreply_stat_by_id"),
        "service_staff_id",
        _unreplied,
    ),
    "taobao.wangwang.eservice.avgwaittime.get": counting(
        ("waiting_time_list_on_days", "waiting_times_on_day"),
        "waiting_date",
        ("waiting_time_by_ids", "waiting_time_by_id"),
        "service_staff_id",
        _mean_wait,
    ),
}


def _accounts(params: Params, name: str, most: int) -> list[str]:
    ids = required(params, name).split(",")
    if len(ids) > most:
        raise invalid(name, f"more than {most} accounts")
    if not all(each.startswith(_PREFIX) for each in ids):
        raise invalid(name, f"an account without {_PREFIX}")
    return [each.removeprefix(_PREFIX) for each in ids]


def _packed(params: Params, name: str) -> datetime:
    """A time without marks: `20261031235959`."""
    try:
        return datetime.strptime(required(params, name), "%Y%m%d%H%M%S").replace(tzinfo=ZONE)
    except ValueError as error:
        raise invalid(name, "not a time such as 20261031235959") from error


def _refuse_span(name: str, first: datetime, last: datetime, at: datetime) -> None:
    if not timedelta(0) <= last - first <= _WEEK:
        raise invalid(name, "longer than seven days")
    if at - first > _REACH:
        raise invalid(name, "more than 90 days ago")


def _days(first: datetime, last: datetime) -> Iterator[date]:
    day = first.astimezone(ZONE).date()
    while midnight(day) <= last:
        yield day
        day += _DAY
