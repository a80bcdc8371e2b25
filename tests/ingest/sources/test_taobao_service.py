"""TOP's counts of service are asked for where they are wanted, and of days that are over."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.accounts import APP_KEY, APP_SECRET, session_of
from sandbox.faults import Fault
from sandbox.lives import midnight
from sandbox.shops import SHOP_OF
from sandbox.taobao import PATH, Gateway, people
from sandbox.taobao.desk import accounts_of, chats, evaluation_rows
from services.ingest.core.buyers import sealer
from services.ingest.core.fields import Unfit
from services.ingest.core.readers import taobao as reader
from services.ingest.sources.errors import NotPermitted, Unreadable
from services.ingest.sources.reading import Credential
from services.ingest.sources.taobao import STREAMS, TaobaoSource
from services.ingest.sources.taobao_service import SERVICE
from services.schema.shapes.facts import Chat
from services.schema.shapes.feeds import Known, Origin, Window
from services.schema.words import FactKind
from tests.ingest.sources.places import BASE, NOW, Place, saying
from tests.sandbox.test_company import TODAY

CHATS = FactKind.CHATS
SHOP = SHOP_OF["tm-qinghe"]
NOTHING = Known({}, {}, {})
CREDENTIAL = Credential(
    BASE + PATH, APP_KEY, APP_SECRET, session_of(SHOP.code), also=frozenset({SERVICE})
)
DAYS = [TODAY - timedelta(days=number) for number in range(8, 1, -1)]
SPAN = Window(midnight(DAYS[0]), midnight(TODAY) - timedelta(days=1))
EVALUATIONS = "taobao.qianniu.kefueval.get"


@pytest.fixture
def place() -> Place:
    return Place(Gateway, TaobaoSource, CREDENTIAL)


def fact_of(row: Any) -> Chat:
    origin = Origin(SHOP.source, SHOP.code, {}, people())
    fact = reader.read_fact(CHATS, row, origin, NOTHING)
    assert isinstance(fact, Chat)
    return fact


def expected() -> dict[str, list[dict[str, object]]]:
    """What each account's sessions of each day were."""
    return {
        f"{day}/{account}": found
        for day in DAYS
        for account in accounts_of(SHOP)
        if (found := chats(SHOP, day, account))
    }


async def test_service_is_asked_for_only_where_it_is_wanted(place: Place) -> None:
    plain = Credential(BASE + PATH, APP_KEY, APP_SECRET, session_of(SHOP.code))
    assert Place(Gateway, TaobaoSource, plain).source.streams == STREAMS
    assert CHATS not in STREAMS
    stream = place.source.streams[CHATS]
    assert (stream.longest, stream.reach) == (timedelta(days=7), timedelta(days=89))
    both = Credential(BASE + PATH, APP_KEY, APP_SECRET, "s", also=frozenset({SERVICE, "history"}))
    streams = Place(Gateway, TaobaoSource, both).source.streams
    assert streams[CHATS] == stream
    assert streams[FactKind.ORDERS].reach > STREAMS[FactKind.ORDERS].reach


async def test_each_accounts_day_is_what_the_desk_counted(place: Place) -> None:
    rows = (await place.source.read(CHATS, SPAN)).rows
    found = {row["number"]: fact_of(row) for row in rows}
    assert found.keys() == expected().keys()
    assert len(found) > 7
    for number, sessions in expected().items():
        fact, answered = found[number], sum(row["answered"] is True for row in sessions)
        assert fact.totals is not None
        assert (fact.totals.chats, fact.totals.answered) == (len(sessions), answered)
        given = [row["satisfied"] for row in sessions if row["satisfied"] is not None]
        assert fact.totals.satisfaction_answers == len(given)
        assert fact.totals.satisfied_answers == given.count(True)
        assert fact.employee == sessions[0]["employee"]
        assert fact.started_at == midnight(date.fromisoformat(number[:10]))
        assert fact.responses == answered
    assert any(fact.response_seconds for fact in found.values())
    # Nobody's name is kept with them.
    for row in rows:
        kept = json.dumps(reader.row_to_keep(row, Origin("t:a", "a", {}), sealer(b"k" * 32, 1)))
        assert "buyer" not in kept
        assert fact_of(json.loads(kept)) == found[row["number"]]


async def test_a_mark_is_best_at_0_and_what_nobody_gave_counts_for_nothing(place: Place) -> None:
    """The family that was withdrawn counts from 1: read by that, the best would be none."""
    told = [
        each
        for day in DAYS
        for who in accounts_of(SHOP)
        for each in evaluation_rows(SHOP, day, who)
    ]
    assert {(each["eval_code"], each["source"]) for each in told} >= {(0, 2), (0, 0), (1, 1)}
    rows = (await place.source.read(CHATS, SPAN)).rows
    marks = [mark for row in rows for mark in row["marks"]]
    assert sum(mark["count"] for mark in marks) == sum(each["source"] != 2 for each in told)
    row = {
        "number": "2026-11-01/a", "day": "2026-11-01", "staff": "a", "replied": 9, "unreplied": 2,
        "avgTime": "31", "readAt": "2026-11-02T01:00:00Z",
        "marks": [{"score": score, "count": 2**score} for score in range(5)],
    }  # fmt: skip
    totals = fact_of(row).totals
    assert totals is not None
    assert (totals.satisfaction_answers, totals.satisfied_answers) == (31, 3)
    assert fact_of(row).response_seconds == Decimal(279)


async def test_what_an_answer_tells_twice_counts_once(place: Place) -> None:
    wanted = (await place.source.read(CHATS, SPAN)).rows
    place.gateway.trouble.add(Fault("duplicate", times=99), Fault("shuffle", times=99, detail="s"))
    assert (await place.source.read(CHATS, SPAN)).rows == wanted


async def test_a_week_of_few_accounts_is_asked_for_at_once_and_no_day_that_is_not_over(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox refuses eight days, today, more than 30 accounts, and a name without its mark."""
    many = [f"{SHOP.name}:n-{number}" for number in range(65)]
    rows = [{"nick": name, "sub_id": number, "status": 1} for number, name in enumerate(many)]
    monkeypatch.setattr("sandbox.taobao.methods.staff_rows", lambda _shop: rows)
    await place.source.read(CHATS, SPAN)
    calls = list(place.gateway.trouble.calls)
    assert {call.outcome for call in calls} == {"ok"}
    methods = [call.method for call in calls]
    assert methods.count("taobao.wangwang.eservice.receivenum.get") == 3
    assert methods.count(EVALUATIONS) == 66
    place.gateway.trouble.calls.clear()
    for window in (Window(midnight(TODAY), NOW), Window(NOW - timedelta(hours=2), NOW)):
        assert (await place.source.read(CHATS, window)).rows == ()
    assert list(place.gateway.trouble.calls) == []


async def test_what_buyers_gave_is_told_when_a_day_has_gone_by(place: Place) -> None:
    """Counts are told at once; the sandbox refuses to be asked for evaluations of yesterday."""
    yesterday = TODAY - timedelta(days=1)
    window = Window(midnight(DAYS[-1]), midnight(TODAY))
    rows = (await place.source.read(CHATS, window)).rows
    assert {row["day"] for row in rows} == {str(DAYS[-1]), str(yesterday)}
    assert {row["day"] for row in rows if row["marks"] is None} == {str(yesterday)}
    assert {fact_of(row).totals is not None for row in rows} == {True}
    # The next looks go so far back that it is told then.
    place.now += timedelta(hours=12, minutes=11)
    stream = place.source.streams[CHATS]
    again = Window(midnight(TODAY) + timedelta(hours=12) - stream.overlap, place.now - stream.lag)
    rows = (await place.source.read(CHATS, again)).rows
    assert {row["day"] for row in rows if row["marks"] is not None} >= {str(yesterday)}
    assert {call.outcome for call in place.gateway.trouble.calls} == {"ok"}


async def test_where_marks_are_not_told_nothing_is_said_of_them(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place.gateway, "closed", {EVALUATIONS})
    rows = (await place.source.read(CHATS, SPAN)).rows
    assert {row["number"] for row in rows} == expected().keys()
    totals = fact_of(rows[0]).totals
    assert totals is not None
    assert (totals.satisfaction_answers, totals.satisfied_answers) == (None, None)
    assert [call.outcome for call in place.gateway.trouble.calls].count("11") == 1


async def test_an_application_that_is_not_let_in_stops_this_feed_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place.gateway, "closed", {"taobao.wangwang.eservice.receivenum.get"})
    with pytest.raises(NotPermitted):
        await place.source.read(CHATS, SPAN)
    assert (await place.source.read(FactKind.REFUNDS, SPAN)).rows


async def test_what_is_told_in_part_is_refused_and_not_left_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (await place.source.read(CHATS, SPAN)).rows
    place.gateway.trouble.add(
        Fault(
            "garbage",
            detail='{"wangwang_eservice_noreplynum_get_response":{}}',
            method="taobao.wangwang.eservice.noreplynum.get",
        )
    )
    half = (await place.source.read(CHATS, SPAN)).rows
    assert [row["number"] for row in half] == [row["number"] for row in whole]
    for row in half:
        with pytest.raises(Unfit) as caught:
            fact_of(row)
        assert caught.value.pointer == "/totals/chats"


async def test_what_passes_is_waited_for(place: Place) -> None:
    wanted = (await place.source.read(CHATS, SPAN)).rows
    place.gateway.trouble.add(Fault("busy", times=2), Fault("garbage", detail="{}", after=4))
    assert (await place.source.read(CHATS, SPAN)).rows == wanted


@pytest.mark.parametrize(
    "content",
    [
        {"user": "nick"},
        {"user": {"nick": 7}},
        {"user": {"nick": "n"}, "subusers": {"sub_user_info": {}}},
        {"user": {"nick": "n"}, "subusers": {"sub_user_info": [{"full_name": "n"}]}},
        {"user": {"nick": "n"}, "reply_stat_list_on_days": {"reply_stat_on_day": [7]}},
        {
            "user": {"nick": "n"},
            "reply_stat_list_on_days": {"reply_stat_on_day": [
                {"reply_date": "x", "reply_stat_by_ids": {"reply_stat_by_id": [{"user_id": "n"}]}}
            ]},
        },
        {"user": {"nick": "n"}, "staff_eval_details": {"eval_detail": [{"eval_code": "0"}]}},
        {
            "user": {"nick": "n"},
            "staff_eval_details": {"eval_detail": [{"eval_code": 0, "source": 0}]},
        },
    ],
)  # fmt: skip
async def test_a_desk_that_cannot_be_read_stops_the_feed(content: dict[str, object]) -> None:
    names = (
        "user_seller_get", "sellercenter_subusers_get", "wangwang_eservice_receivenum_get",
        "wangwang_eservice_noreplynum_get", "wangwang_eservice_avgwaittime_get",
        "qianniu_kefueval_get",
    )  # fmt: skip
    answer = {f"{name}_response": content for name in names}
    source = TaobaoSource(saying(json.dumps(answer).encode()), CREDENTIAL, now=lambda: NOW)
    with pytest.raises(Unreadable):
        await source.read(CHATS, SPAN)
