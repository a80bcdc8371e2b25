"""JD's one URL: who calls, whether the signature holds, the JSON inside, what a test breaks."""

import hmac
import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from urllib.parse import parse_qsl

from sandbox.accounts import Account
from sandbox.books import Books
from sandbox.faults import Call, Fault, Trouble
from sandbox.gateways import Answer, Asked, Ban, broken_answer, disturb, md5_of, stall_seconds
from sandbox.jd.desk import agents_of, count_rows, days_told, mark_rows, mean_wait
from sandbox.jd.rows import (
    Row,
    approved_at,
    cancelled_row,
    is_cancelled,
    order_row,
    refund_detail,
    returned_row,
    service_number,
    state_of,
)
from sandbox.shops import SHOP_OF, ZONE, Shop

PATH = "/routerjson"
_CLOCK_SKEW = timedelta(minutes=6)
_MONTH, _WEEK, _REACH = timedelta(days=31), timedelta(days=7), timedelta(days=92)
LARGEST_PAGE, LARGEST_REFUND_PAGE = 100, 50

Params = Mapping[str, object]
Entry = tuple[datetime, str, Callable[[], Row]]
"""When something happened, its number, and how its row is made once it is on the page."""


class Refusal(Exception):
    """An error envelope, which comes with HTTP status 200."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code

    def document(self, root: str, turn: int) -> Row:
        """In one of three places, as JD's own layers put it."""
        told: Row = {"code": self.code, "zh_desc": str(self), "en_desc": str(self)}
        places: tuple[Row, ...] = ({"error_response": told}, told, {root: told})
        return places[turn % len(places)]


class Gateway:
    """The one URL; its clock, its account and its trouble are a test's to turn."""

    def __init__(self, *, first: date, now: Callable[[], datetime]) -> None:
        self.now = now
        self.account = Account.of("jd")
        self.trouble = Trouble()
        self.books = Books(first)
        self.calls_a_day = 1_000_000
        self._called: Counter[date] = Counter()
        self._ban = Ban()

    def answer(self, asked: Asked) -> Answer:
        """Answer one call; every answer has status 200."""
        form = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
        method = form.get("method", "")
        fault = self.trouble.next(method)
        shop, outcome, turn = "", "ok", len(self.trouble.calls)
        # The misspelling is JD's own, and older than most of its shops; now and then it is mended.
        root = f"{method.replace('.', '_')}_{'response' if turn % 5 == 3 else 'responce'}"
        try:
            self._refuse_in_trouble(fault)
            shop = self._shop_of(form, expired=fault is not None and fault.kind == "expired")
            self._count()
            document: Row = {root: self._call(method, form, SHOP_OF[shop], fault)}
        except Refusal as refusal:
            document, outcome = refusal.document(root, turn), refusal.code
        self.trouble.calls.append(Call(self.now(), method, shop, fault.kind if fault else outcome))
        body = json.dumps(document, ensure_ascii=False).encode()
        return broken_answer(fault) or Answer(body, wait_seconds=stall_seconds(fault))

    def _count(self) -> None:
        """So many calls may an application make on a day of China's."""
        day = self.now().astimezone(ZONE).date()
        self._called[day] += 1
        if self._called[day] > self.calls_a_day:
            raise Refusal("2", "今日调用次数已用完")

    def _refuse_in_trouble(self, fault: Fault | None) -> None:
        if self._ban.seconds_left(fault, self.now()):
            raise Refusal("2", "限制时间内调用失败次数")
        if fault and fault.kind in {"busy", "heavy"}:
            raise Refusal(fault.detail or "67", "平台连接后端服务不可用")

    def _shop_of(self, form: Mapping[str, str], *, expired: bool) -> str:
        if form.get("app_key") != self.account.app_key:
            raise Refusal("9", "无效app_key")
        try:
            # Its own software sends milliseconds and an offset, too.
            text = form.get("timestamp", "")[:19]
            stamp = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
        except ValueError as error:
            raise Refusal("8", "无效时间戳") from error
        if abs(self.now() - stamp) > _CLOCK_SKEW:
            raise Refusal("8", "无效时间戳")
        if not hmac.compare_digest(form.get("sign", ""), md5_of(form, self.account.secret)):
            raise Refusal("12", "无效签名")
        shop = self.account.sessions.get(form.get("access_token", ""))
        if shop is None or expired:
            raise Refusal("19", "token已过期")
        return shop

    def _call(self, method: str, form: Mapping[str, str], shop: Shop, fault: Fault | None) -> Row:
        make = _METHODS.get(method)
        if make is None:
            raise Refusal("11", "无效方法")
        try:
            params = json.loads(form.get("360buy_param_json") or "{}")
        except ValueError as error:
            raise Refusal("26", "无效的业务参数") from error
        content, rows, number = make(params, shop, self.books, self.now())
        if fault:
            disturb(fault, rows, self.books, number, self.now())
        return {"code": "0", **content}


Made = tuple[Row, list[Row], Callable[[Row], int]]
"""The content, the rows in it, and the number of a row's sale."""


def _search(params: Params, shop: Shop, books: Books, at: datetime) -> Made:
    """jingdong.pop.order.search: pages are texts, and states that are not named are not told."""
    for name in ("order_state", "optional_fields", "start_date", "end_date"):
        if not params.get(name):
            raise Refusal("20", f"缺少参数 {name}")
    if not isinstance(params.get("page"), str) or not isinstance(params.get("page_size"), str):
        raise Refusal("26", "page 和 page_size 是字符串")
    first, last = _span(params, "start_date", "end_date", _MONTH)
    if first < at - _REACH:
        raise Refusal("26", "超过三个月")
    states = set(str(params["order_state"]).split(","))
    by_creation = params.get("dateType") == 1
    entries: list[Entry] = []
    for modified, sale in books.sales(shop, at):
        moment = sale.created_at if by_creation else modified
        if first <= moment <= last and state_of(sale, at) in states:
            entries.append((moment, str(sale.id), partial(order_row, sale, at, modified)))
    rows = _page_of(params, entries, "page", LARGEST_PAGE, newest=params.get("sortType") == 1)
    names = set(str(params["optional_fields"]).split(",")) | {"orderId"}
    chosen: list[Row] = [
        {name: value for name, value in row.items() if name in names} for row in rows
    ]
    result = {
        "apiResult": {"success": "true", "numberCode": 0, "chineseErrCode": "成功"},
        # A text, unless there are none.
        "orderTotal": str(len(entries)) if entries else 0,
        "orderInfoList": chosen,
    }
    return {"searchorderinfo_result": result}, chosen, lambda row: int(str(row["orderId"]))


def _cancelled(params: Params, shop: Shop, books: Books, at: datetime) -> Made:
    """jingdong.pop.afs.soa.refundapply.queryPageList: given up before it was sent."""
    by_check = "checkTimeStart" in params
    names = ("checkTimeStart", "checkTimeEnd") if by_check else ("applyTimeStart", "applyTimeEnd")
    first, last = _span(params, *names, _MONTH)
    entries: list[Entry] = []
    for _, sale, claim in books.claims(shop, at):
        moment = claim.settled_at if by_check else claim.requested_at
        if is_cancelled(sale) and first <= moment <= last and moment <= at:
            entries.append((moment, claim.id, partial(cancelled_row, sale, claim, at)))
    rows = _page_of(params, entries, "pageIndex", LARGEST_REFUND_PAGE)
    result = {"success": True, "totalCount": len(entries), "result": rows}
    return {"queryResult": result}, rows, lambda row: int(str(row["orderId"]))


def _returned(params: Params, shop: Shop, books: Books, at: datetime) -> Made:
    """jingdong.asc.serviceAndRefund.view: what came back after it was sent."""
    by_approval = "approveTimeBegin" in params
    names = ("applyTimeBegin", "applyTimeEnd")
    if by_approval:
        names = ("approveTimeBegin", "approveTimeEnd")
    first, last = _span(params, *names, timedelta(days=10) if by_approval else _WEEK)
    entries: list[Entry] = []
    for _, sale, claim in books.claims(shop, at):
        moment = approved_at(claim) if by_approval else claim.requested_at
        if not is_cancelled(sale) and first <= moment <= last and moment <= at:
            entries.append((moment, claim.id, partial(returned_row, sale, claim, at)))
    rows = _page_of(params, entries, "pageNumber", LARGEST_REFUND_PAGE)
    result = {"success": True, "code": "00000", "totalCount": len(entries), "data": rows}

    def number(row: Row) -> int:
        return int(str(row["afsRefundId"])) // 10

    return {"pageResult": result}, rows, number


def _refund(params: Params, shop: Shop, books: Books, at: datetime) -> Made:
    """jingdong.b2c.shop.aftersales.refund.get: what went back by one service bill."""
    for _, _, claim in books.claims(shop, at):
        if service_number(claim) == params.get("afsServiceId") and claim.succeeded_by(at):
            return {"result": {"success": True, "data": refund_detail(claim)}}, [], lambda _: 0
    raise Refusal("26", "服务单不存在")


def _groupinfo(_params: Params, shop: Shop, _books: Books, _at: datetime) -> Made:
    """jingdong.im.pop.groupinfo.get: who talks to buyers."""
    agents = agents_of(shop)
    group = {
        "shopName": shop.name,
        "waiterCount": len(agents),
        "waiterList": [{"waiterId": agent} for agent in agents],
    }
    return {"popgroup": group}, [], lambda _: 0


def _stat(params: Params, shop: Shop, _books: Books, at: datetime, *, answered: bool) -> Made:
    """jingdong.im.pop.replystat.get, and unreplystat.get: of the agents that are named."""
    named = params.get("waiter")
    if not isinstance(named, list):
        raise Refusal("26", "waiter 是列表")
    rows = [
        row
        for day in days_told(*_days(params, at), at)
        for agent in agents_of(shop)
        if agent in named
        for row in count_rows(shop, day, agent, answered=answered)
    ]
    return {"WaiterDailyStat": rows}, [], lambda _: 0


def _evaluations(params: Params, shop: Shop, _books: Books, at: datetime) -> Made:
    """jingdong.im.pop.evaluationstat.get: of one agent."""
    agent = str(params.get("waiter"))
    days = list(days_told(*_days(params, at), at))
    rows = [row for day in days for row in mark_rows(shop, day, agent)]
    return ({"WaiterDailyEvaStat": rows} if rows else {}), [], lambda _: 0


def _wait(params: Params, shop: Shop, _books: Books, _at: datetime) -> Made:
    """jingdong.im.pop.consult.avgwaittime.get: of one agent's day."""
    day = date.fromisoformat(str(params.get("date"))[:10])
    return {"avgTime": mean_wait(shop, day, str(params.get("waiter")))}, [], lambda _: 0


def _days(params: Params, at: datetime) -> tuple[date, date]:
    """Only the dates count of what is written as times."""
    first, last = _span(params, "startTime", "endTime", _WEEK)
    if first < at - _REACH:
        raise Refusal("26", "超过三个月")
    return first.date(), last.date()


_METHODS: dict[str, Callable[[Params, Shop, Books, datetime], Made]] = {
    "jingdong.pop.order.search": _search,
    "jingdong.pop.afs.soa.refundapply.queryPageList": _cancelled,
    "jingdong.asc.serviceAndRefund.view": _returned,
    "jingdong.b2c.shop.aftersales.refund.get": _refund,
    "jingdong.im.pop.groupinfo.get": _groupinfo,
    "jingdong.im.pop.replystat.get": partial(_stat, answered=True),
    "jingdong.im.pop.unreplystat.get": partial(_stat, answered=False),
    "jingdong.im.pop.evaluationstat.get": _evaluations,
    "jingdong.im.pop.consult.avgwaittime.get": _wait,
}


def _page_of(
    params: Params, entries: list[Entry], name: str, largest: int, *, newest: bool = False
) -> list[Row]:
    size = _number(params, "page_size" if name == "page" else "pageSize")
    if size > largest:
        raise Refusal("26", f"每页最多 {largest}")
    start = (_number(params, name) - 1) * size
    ordered = sorted(entries, key=lambda entry: entry[:2], reverse=newest)
    return [make() for _, _, make in ordered[start : start + size]]


def _span(params: Params, start: str, end: str, longest: timedelta) -> tuple[datetime, datetime]:
    """Both ends, each of which belongs to the range."""
    try:
        first, last = (
            datetime.strptime(str(params.get(name)), "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
            for name in (start, end)
        )
    except ValueError as error:
        raise Refusal("26", f"{start} 或 {end} 格式错误") from error
    if not first <= last <= first + longest:
        raise Refusal("26", f"{start} 与 {end} 间隔错误")
    return first, last


def _number(params: Params, name: str) -> int:
    text = str(params.get(name, ""))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Refusal("26", f"{name} 错误")
    return int(text)
