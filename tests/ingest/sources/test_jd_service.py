"""JD's counts of service are asked for where they are wanted, and of days that are over."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from sandbox.accounts import APP_KEY, APP_SECRET, session_of
from sandbox.faults import Fault
from sandbox.jd import PATH, Gateway, people
from sandbox.jd.desk import agents_of, chats, count_rows
from sandbox.jd.rows import Row
from sandbox.lives import midnight
from sandbox.shops import SHOP_OF, Shop
from services.ingest.core.fields import Unfit
from services.ingest.core.readers import jd as reader
from services.ingest.sources.errors import NotPermitted, Unreadable
from services.ingest.sources.jd import STREAMS, JdSource
from services.ingest.sources.jd_service import SERVICE
from services.ingest.sources.reading import Credential
from services.schema.shapes.facts import Chat
from services.schema.shapes.feeds import Known, Origin, Window
from services.schema.words import FactKind
from tests.ingest.sources.places import BASE, NOW, Place, saying
from tests.sandbox.test_company import TODAY

CHATS = FactKind.CHATS
SHOP = SHOP_OF["jd-qinghe"]
NOTHING = Known({}, {}, {})
CREDENTIAL = Credential(
    BASE + PATH, APP_KEY, APP_SECRET, session_of(SHOP.code), also=frozenset({SERVICE})
)
DAYS = [TODAY - timedelta(days=number) for number in range(7, 0, -1)]
SPAN = Window(midnight(DAYS[0]), midnight(TODAY) + timedelta(hours=5))


@pytest.fixture
def place() -> Place:
    return Place(Gateway, JdSource, CREDENTIAL)


def facts(rows: dict[str, object]) -> dict[str, Chat]:
    origin = Origin(f"jd:{SHOP.code}", SHOP.code, {}, people())
    found = {}
    for number, row in rows.items():
        assert isinstance(row, dict)
        fact = reader.read_fact(CHATS, row, origin, NOTHING)
        assert isinstance(fact, Chat)
        found[number] = fact
    return found


async def test_service_is_asked_for_only_where_it_is_wanted(place: Place) -> None:
    plain = Credential(BASE + PATH, APP_KEY, APP_SECRET, session_of(SHOP.code))
    assert Place(Gateway, JdSource, plain).source.streams == STREAMS
    assert CHATS not in STREAMS
    stream = place.source.streams[CHATS]
    assert (stream.longest, stream.reach) == (timedelta(days=7), timedelta(days=90))


async def test_each_agents_day_is_what_the_desk_counted(place: Place) -> None:
    found = facts({row["number"]: row for row in (await place.source.read(CHATS, SPAN)).rows})
    expected = {}
    for day in DAYS:
        for agent in agents_of(SHOP):
            if of_agent := chats(SHOP, day, agent):
                expected[f"{day}/{agent}"] = of_agent
    # Of an agent who talked to nobody no row is told, and so none is made.
    assert set(found) == set(expected)
    assert len(found) >= 3
    for number, fact in found.items():
        rows, totals = expected[number], fact.totals
        assert totals is not None
        answered = sum(row["answered"] is True for row in rows)
        assert (totals.chats, totals.answered) == (len(rows), answered)
        given = [row["satisfied"] for row in rows if row["satisfied"] is not None]
        assert totals.satisfaction_answers == len(given)
        assert totals.satisfied_answers == given.count(True)
        assert fact.employee == rows[0]["employee"]
        assert fact.started_at == midnight(date.fromisoformat(number[:10]))
        assert fact.responses == answered
        assert fact.first_response_seconds is None
    assert any(fact.response_seconds for fact in found.values())


async def test_a_day_of_which_half_is_told_is_refused_and_not_left_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (await place.source.read(CHATS, SPAN)).rows
    told = count_rows

    def of_replied(shop: Shop, day: date, agent: str, *, answered: bool) -> list[Row]:
        return told(shop, day, agent, answered=answered) if answered else []

    monkeypatch.setattr("sandbox.jd.gateway.count_rows", of_replied)
    half = (await place.source.read(CHATS, SPAN)).rows
    assert [row["number"] for row in half] == [row["number"] for row in whole]
    for row in half:
        with pytest.raises(Unfit) as caught:
            facts({"1": row})
        assert caught.value.pointer == "/totals/chats"


async def test_a_week_is_asked_for_at_once_and_no_day_that_is_not_over(place: Place) -> None:
    first = midnight(TODAY) - timedelta(days=7)
    await place.source.read(CHATS, Window(first, first + timedelta(days=7)))
    assert {call.outcome for call in place.gateway.trouble.calls} == {"ok"}
    place.gateway.trouble.calls.clear()
    today = Window(midnight(TODAY), NOW)
    assert (await place.source.read(CHATS, today)).rows == ()
    assert list(place.gateway.trouble.calls) == []


async def test_what_passes_is_waited_for(place: Place) -> None:
    wanted = (await place.source.read(CHATS, SPAN)).rows
    place.gateway.trouble.add(Fault("busy", times=2), Fault("garbage", detail="{}", after=3))
    assert (await place.source.read(CHATS, SPAN)).rows == wanted


@pytest.mark.parametrize(
    "content",
    [{"popgroup": {"waiterList": [{"nobody": 1}]}}, {"popgroup": {"waiterList": "a,b"}}],
)
async def test_a_desk_that_cannot_be_read_stops_the_feed(content: dict[str, object]) -> None:
    answer = {"jingdong_im_pop_groupinfo_get_responce": {"code": "0", **content}}
    source = JdSource(saying(json.dumps(answer).encode()), CREDENTIAL, now=lambda: NOW)
    with pytest.raises(Unreadable):
        await source.read(CHATS, SPAN)


async def test_an_application_that_is_not_let_in_stops_this_feed_alone() -> None:
    refusal = {"error_response": {"code": "24", "zh_desc": "", "en_desc": ""}}
    source = JdSource(saying(json.dumps(refusal).encode()), CREDENTIAL, now=lambda: NOW)
    with pytest.raises(NotPermitted):
        await source.read(CHATS, SPAN)


def test_satisfied_is_from_seventy_five_and_the_mean_is_of_those_replied_to() -> None:
    row = {
        "number": "2026-11-01/a",
        "day": "2026-11-01",
        "waiter": "a",
        "replied": "9",
        "unreplied": 2,
        "avgTime": 31,
        "marks": [{"score": score, "count": count} for score, count in zip(
            (0, 25, 50, 75, 100), (1, 2, 4, 8, 16), strict=True
        )],
        "readAt": "2026-11-02T01:00:00Z",
    }  # fmt: skip
    fact = facts({"1": row})["1"]
    assert fact.totals is not None
    assert fact.totals.stated() == {
        "chats": 11, "answered": 9, "satisfaction_answers": 31, "satisfied_answers": 24
    }  # fmt: skip
    assert (fact.response_seconds, fact.responses, fact.employee) == (Decimal(279), 9, None)
    untold = facts({"1": {**row, "avgTime": None}})["1"]
    assert (untold.response_seconds, untold.responses) == (None, None)
    kept = reader.row_to_keep(row, Origin("jd:a", "a", {}), lambda *_: "")
    assert facts({"1": kept})["1"] == fact


@pytest.mark.parametrize(
    ("row", "pointer"),
    [
        ({"replied": "many"}, "/totals/answered"),
        ({"replied": 1, "unreplied": None}, "/totals/chats"),
        ({"replied": 1, "unreplied": 0, "avgTime": "-3"}, "/response_seconds"),
    ],
)
def test_counts_that_are_none_are_refused(row: dict[str, object], pointer: str) -> None:
    whole = {"number": "2026-11-01/a", "day": "2026-11-01", "waiter": "a", "readAt": None, **row}
    with pytest.raises(Unfit) as caught:
        facts({"1": whole})
    assert caught.value.pointer == pointer
