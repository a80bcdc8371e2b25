"""T03: what is put down late of people counts as if it had been put down in time, to the cent."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import zip_longest
from typing import Any

from tests.api.appraisals import (
    ask,
    cards,
    found,
    move,
    open_cycle,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.flows.test_leaders import led_by
from tests.figures import Figures, Wrong

SALES = [
    Sale(
        paid_on=date(2026, 1, day),
        salesperson=who,
        shop=shop,
        amount=f"{day}.{day:02}",
        id=f"{who}-{shop}-{day}",
    )
    for day in (1, 9, 15, 16, 17, 25, 31)
    for who in ("e-1", "e-2", "e-3")
    for shop in ("a", "b")
]


def held(
    position: str = "agent",
    unit: str = "front",
    shop: str = "a",
    *,
    start: str = "2025-01-01",
    end: str | None = None,
) -> Json:
    return {
        "position": position, "unit": unit, "from": start, "to": end,
        "shops": [{"shop": shop, "share": "50"}],
    }  # fmt: skip


def behind(position: str, *, start: str = "2025-01-01", end: str | None = None) -> Json:
    """In another unit, and for no shop."""
    return {"position": position, "unit": "back", "from": start, "to": end}


def someone(*assignments: Json, manager: str | None = None, **days: str) -> Json:
    return {"name": "x", "manager": manager, "assignments": list(assignments), **days}


# What is found out one after the other, each of it about days that are long over.
AS_WRITTEN_FIRST = {
    "e-1": someone(held(), manager="e-two"),
    "e-2": someone(held(), manager="e-two"),
    "e-3": someone(behind("agent"), manager="e-boss"),
    "e-two": someone(behind("boss")),
}
LATER: list[tuple[str, Json]] = [
    # The shop was another one from the 9th on.
    ("e-1", someone(held(end="2026-01-09"), held(shop="b", start="2026-01-09"))),
    # The unit too, from the 16th on; and the manager changed.
    (
        "e-1",
        someone(
            held(end="2026-01-09"),
            held(shop="b", start="2026-01-09", end="2026-01-16"),
            held(unit="shops", shop="b", start="2026-01-16"),
            manager="e-boss",
        ),
    ),
    # It had been another position all along from the 16th on, and the last day was the 25th.
    (
        "e-1",
        someone(
            held(end="2026-01-09"),
            held(shop="b", start="2026-01-09", end="2026-01-16"),
            held("runner", "shops", "b", start="2026-01-16"),
            manager="e-boss",
            left_on="2026-01-25",
        ),
    ),
    ("e-2", someone(held(), joined_on="2026-01-09")),
    # Who leads them was written down the wrong way round, and one sold less before a transfer.
    (
        "e-3",
        someone(
            behind("runner", end="2026-01-16"),
            behind("agent", start="2026-01-16"),
            manager="e-two",
        ),
    ),
]
LED: Json = {"plan": "leader_mean", "task": "1.5"}
CYCLES = ("jan", "run", "lead")


def running() -> Json:
    document = scheme()
    document["sections"][0]["items"][0]["weight"] = "70"
    document["sections"][0]["items"][1]["weight"] = "30"
    return document


async def settle(company: Company, people: dict[str, Json]) -> None:
    """All but what is found out later."""
    await found(company, [])
    await ask(company, "PUT", "/v1/units/back", {"name": "后台"})
    for code, stated in sorted(people.items(), reverse=True):
        await ask(company, "PUT", f"/v1/employees/{code}", stated)
    await publish_scheme(company)
    await publish_scheme(company, "running", running())
    await publish_scheme(company, "lead", led_by(LED))
    await set_targets(company, {"e-1": "310", "e-2": "155", "e-3": "62"})
    await sell(company, *SALES)
    await open_cycle(company)
    await open_cycle(company, "run", scheme="running", population={"position": "runner"})
    await open_cycle(company, "lead", scheme="lead", population={"position": "boss"})


async def everything(company: Company) -> list[Any]:
    """Every card and every entry, without the names and moments that are each company's own."""
    found_cards = [
        {name: value for name, value in card.items() if name not in {"id", "computed_at"}}
        for cycle in CYCLES
        for _, card in sorted((await cards(company, cycle)).items())
    ]
    for cycle in CYCLES:
        await move(company, cycle, "closed", "review", "approved", "published")
    feed = (await company.get("/v1/payroll/entries?limit=500")).json()["items"]
    entries = [
        {name: value for name, value in entry.items() if name not in {"id", "published_at"}}
        for entry in feed
    ]
    return [found_cards, entries]


def cents_apart(got: list[Json], expected: list[Json]) -> int:
    """Summed over all entries, each held against its own."""
    amounts = [[Decimal(entry["amount"]) for entry in each] for each in (got, expected)]
    apart = [abs(one - other) for one, other in zip_longest(*amounts, fillvalue=Decimal(0))]
    return int(sum(apart) * 100)


async def test_scenario_t03_changes_of_people_put_down_late_are_to_the_cent_as_in_time(
    companies: list[Company], figure: Figures
) -> None:
    in_time, late = companies
    await settle(in_time, AS_WRITTEN_FIRST | dict(LATER))
    await settle(late, AS_WRITTEN_FIRST)
    seen = []
    for code, stated in LATER:
        await ask(late, "PUT", f"/v1/employees/{code}", stated)
        seen.append(await cards(late, "jan") | await cards(late, "run"))
    # Each of them was seen at once: the card has moved to the other cycle in the end.
    segments = [[part["days"] for part in each["employee:e-1"]["segments"]] for each in seen]
    assert segments == [[8, 23], [8, 7, 16], [8, 7, 10], [8, 7, 10], [8, 7, 10]]
    assert "employee:e-1" not in await cards(late)
    assert [each["employee:e-2"]["segments"][0]["days"] for each in seen] == [31, 31, 31, 23, 23]
    # Sales of the last days are not theirs who had left by then.
    (card,) = (await cards(late, "run")).values()
    values = [line["value"] for line in card["lines"] if line["item"] == "sales"]
    assert values == ["2.02", "48.48", "117.16"]
    expected, got = await everything(in_time), await everything(late)
    cents = cents_apart(got[1], expected[1])
    of = "entries, of people who changed in mid-cycle and of those who lead them"
    figure("T03", Wrong.CENTS, cents, tried=len(expected[1]), of=of)
    assert got == expected
    assert len(expected[0]) == 5
    # Each leader is paid by whom they lead in truth: 1.5 times what the feed owes that one.
    owed = {(each["employee"], each["plan"]): Decimal(each["amount"]) for each in got[1]}
    for leader, member in (("e-boss", "e-2"), ("e-two", "e-3")):
        earned = owed[member, "commission"]
        assert earned > 0
        assert owed[leader, "leader_mean"] == (earned * Decimal("1.5")).quantize(
            Decimal("0.01"), ROUND_HALF_UP
        )
