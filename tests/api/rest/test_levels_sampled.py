"""Sampled indicators over REST: drawn by a recorded seed, which a month's first use settles."""

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from services.api.core.samples import draw, record_of
from services.api.store.levels import read_drawn
from services.schema.money import plain, round_half_up
from services.schema.shapes.facts import Chat
from tests.api.agents import (
    MONTH,
    assess,
    chat,
    checked,
    level_of,
    make_gold,
    observe,
    session,
    staff,
)
from tests.api.companies import Company


async def test_a_sample_is_all_there_is_where_there_are_fewer(agents: Company) -> None:
    await assess(agents, employees=["e-1"])
    document = await level_of(agents)
    drawn = checked(document, "gold", "inquiry_conversion")
    assert (drawn["value"], drawn["actual"], drawn["holds"]) == ("0.5", "0.5", True)
    assert drawn["sample"] == {
        "seed": document["seed"],
        "asked": 30,
        "size": 10,
        "of": 10,
        "whole": True,
    }
    assert checked(document, "gold", "average_response")["value"] == "30"
    (sample,) = document["samples"]
    assert (sample["asked"], sample["size"], sample["of"]) == (30, 10, 10)
    assert sample["sessions"] == [
        {"source": "erp", "id": f"e-1-{number:03}"} for number in range(10)
    ]


async def test_a_sample_is_recorded_and_can_be_drawn_again_from_its_seed(
    company: Company,
) -> None:
    """300 sessions of February and others around it: 30 of February's count, by the seed alone."""
    await staff(company)
    await make_gold(company)
    around = [
        session("e-1", number, id=f"other-{number}", started_on=day)
        for number, day in enumerate((date(2026, 1, 31), date(2026, 3, 1)))
    ]
    others = [session("e-1", number) for number in range(10, 300)]
    await chat(company, *around, *others, session("e-2", 1))
    await assess(company, employees=["e-1"])
    document = await level_of(company)
    (sample,) = document["samples"]
    assert (sample["asked"], sample["size"], sample["of"]) == (30, 30, 300)
    at = datetime(2026, 2, 1, tzinfo=UTC)
    february = [
        Chat(source="erp", id=f"e-1-{number:03}", shop="a", started_at=at, modified_at=at)
        for number in range(300)
    ]
    expected = record_of(
        draw(february, seed=document["seed"], size=30), seed=document["seed"], asked=30, of=300
    )
    assert sample["sessions"] == [
        {"source": source, "id": name} for source, name in expected.sessions
    ]
    orders = sum(int(name.removeprefix("e-1-")) % 2 for _, name in expected.sessions)
    figure = checked(document, "gold", "inquiry_conversion")["value"]
    assert figure == plain(round_half_up(Fraction(orders, 30), 6))
    assert len(document["seed"]) == 32


async def test_the_database_ranks_sessions_as_the_core_does(agents: Company) -> None:
    odd = [session("e-1", 1, id=name) for name in ("订单-1", "a b", "'", "%", "\\x1f", "é", "Z")]
    await chat(agents, *odd, *(session("e-2", number) for number in range(40)))
    async with agents.owner.read(agents.number) as reading:
        bounds: dict[str, Any] = {"start": date(2026, 2, 1), "end": date(2026, 3, 1)}
        whole = await read_drawn(reading, ["e-1", "e-2", "e-3"], **bounds, seed="s", size=1000)
        assert {employee: drawn.of for employee, drawn in whole.items()} == {"e-1": 17, "e-2": 40}
        for size in (1, 5, 17, 40):
            some = await read_drawn(reading, ["e-1", "e-2"], **bounds, seed="s", size=size)
            for employee, drawn in some.items():
                assert drawn.of == whole[employee].of
                assert drawn.chats == draw(whole[employee].chats, seed="s", size=size)


async def test_an_agents_day_that_is_told_as_a_whole_is_no_session_to_draw(
    agents: Company,
) -> None:
    totals = {"chats": 57, "answered": 54}
    whole = session("e-1", 0, inquiry=False, totals=totals, id="2026-02-01 e-1")
    await chat(agents, whole, *({**session("e-1", n), "totals": None} for n in range(901, 904)))
    async with agents.owner.read(agents.number) as reading:
        bounds: dict[str, Any] = {"start": date(2026, 2, 1), "end": date(2026, 3, 1)}
        drawn = (await read_drawn(reading, ["e-1"], **bounds, seed="s", size=100))["e-1"]
    ids = {each.id for each in drawn.chats}
    assert "2026-02-01 e-1" not in ids
    assert {"e-1-901", "e-1-902", "e-1-903"} <= ids


async def test_sessions_that_are_no_inquiries_leave_no_denominator(company: Company) -> None:
    await staff(company)
    await observe(company, "e-1")
    await chat(company, session("e-1", 1, inquiry=False, responses=None, response_seconds=None))
    await assess(company, employees=["e-1"])
    document = await level_of(company)
    for criterion in ("inquiry_conversion", "average_response"):
        named = checked(document, "silver", criterion)
        assert (named["status"], named["reason"]) == ("no_data", "no_denominator")
        assert (named["sample"]["size"], named["holds"]) == (1, False)


async def test_the_first_assessment_settles_the_months_seed(company: Company) -> None:
    """Nobody draws again until they like the sample."""
    await staff(company)
    for employee in ("e-1", "e-2"):
        await make_gold(company, employee)
    await assess(company, employees=["e-1"])
    await chat(company, *(session("e-1", number) for number in range(10, 200)))
    await assess(company)
    documents = [await level_of(company, employee) for employee in ("e-1", "e-2")]
    assert documents[0]["revision"] == 2
    history = await company.get(f"/v1/employees/e-1/levels?history=true&month={MONTH}")
    seeds = {item["seed"] for item in (*history.json()["items"], *documents)}
    assert len(seeds) == 1
    await assess(company, "2026-01", ["e-1"])
    january = await level_of(company, month="2026-01")
    assert january["seed"] not in seeds
