"""A day that a marketplace tells and a file tells as well counts once, whichever came first."""

from typing import Any

import pytest

from services.ingest.flows import landing
from tests.ingest.doors import Door
from tests.ingest.sheets import table

AT = "2026-11-06T08:00:00Z"
DAYS = ("2026-11-03", "2026-11-04")
OWN, OTHER = "amazon:s-1", "sycm:s-1"


async def is_pulled(door: Door, kind: str, source: str = OWN, shop: str = "s-1") -> None:
    """A worker has put the shop's feed on its schedule."""
    await door.owner.execute(
        "INSERT INTO feeds (tenant_id, id, shop, kind, source, due_at, lease_token, attempts,"
        " accepted, applied, rejected) VALUES ($1, $2, $3, $4, $5, now(), 0, 0, 0, 0, 0)"
        " ON CONFLICT (tenant_id, shop, kind, source) DO UPDATE SET due_at = now()",
        door.tenant,
        f"feed_{kind}_{shop}",
        shop,
        kind,
        source,
    )


async def post(door: Door, kind: str, *rows: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {door.keys['erp']}"}
    answer = await door.client.post(f"/v1/facts/{kind}", json=list(rows), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def visits(source: str, day: str, at: str = AT, **figures: Any) -> dict[str, Any]:
    shop = source.partition(":")[2]
    return {"source": source, "shop": shop, "day": day, "modified_at": at, **figures}


async def bring(door: Door, *rows: list[str], **query: Any) -> Any:
    """Bring visitors of days as the tool exports them."""
    headers = {"Authorization": f"Bearer {door.keys['erp']}", "Content-Type": "text/csv"}
    query = {"mapping": "sycm_shop", "shop": "s-1", "stated_at": AT} | query
    answer = await door.client.post(
        "/v1/facts/traffic",
        content=table(["统计日期", "访客数"], *rows),
        params=query,
        headers=headers,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: Any) -> list[tuple[int, str, str]]:
    return [(row["row"], row["code"], row["pointer"]) for row in answer["rows"]]


async def visitors(door: Door) -> dict[str, int]:
    rows = await door.owner.fetch(
        "SELECT day, sum(visitors)::int AS n FROM traffic_measures WHERE tenant_id = $1"
        " AND shop = 's-1' GROUP BY day HAVING sum(visitors) > 0",
        door.tenant,
    )
    return {row["day"].isoformat(): row["n"] for row in rows}


async def test_a_file_of_a_day_that_was_pulled_is_refused_row_by_row(door: Door) -> None:
    await is_pulled(door, "traffic")
    await post(door, "traffic", visits(OWN, DAYS[0], visitors=100))
    rows = ([DAYS[0], "97"], [DAYS[1], "80"])
    for query in ({"check": "true"}, {}):
        answer = await bring(door, *rows, **query)
        assert (answer["created"], answer["invalid"]) == (1, 1)
        assert refused(answer) == [(2, "counted_twice", "/source")]
        assert f"{OWN} has told of this shop's {DAYS[0]}" in answer["rows"][0]["detail"]
    assert await visitors(door) == {DAYS[0]: 100, DAYS[1]: 80}


async def test_a_day_that_a_file_has_told_is_not_pulled_beside_it(door: Door) -> None:
    await bring(door, [DAYS[0], "97"])
    await is_pulled(door, "traffic")
    first, second = (visits(OWN, day, visitors=100) for day in DAYS)
    answer = await post(door, "traffic", first, second)
    assert refused(answer) == [(1, "counted_twice", "/source")]
    # The file may be corrected, and what stands goes with 0: then the marketplace is taken.
    corrected = await bring(door, [DAYS[0], "98"], stated_at="2026-11-07T08:00:00Z")
    assert corrected["updated"] == 1
    assert await visitors(door) == {DAYS[0]: 98, DAYS[1]: 100}
    gone = await bring(door, [DAYS[0], "0"], stated_at="2026-11-08T08:00:00Z")
    assert gone["updated"] == 1
    assert (await post(door, "traffic", first))["created"] == 1
    assert await visitors(door) == {DAYS[0]: 100, DAYS[1]: 100}


@pytest.mark.parametrize("chunk", [1, 1_000])
async def test_two_sources_of_one_post_count_a_day_once(
    door: Door, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(landing, "CHUNK_ROWS", chunk)
    await is_pulled(door, "traffic")
    rows = visits(OTHER, DAYS[0], visitors=1), visits(OWN, DAYS[0], visitors=2)
    assert refused(await post(door, "traffic", *rows)) == [(2, "counted_twice", "/source")]
    assert await visitors(door) == {DAYS[0]: 1}


async def test_what_no_marketplace_tells_is_taken_beside_it(door: Door) -> None:
    """What was spent on a day, and what lies dead, only a seller knows."""
    await is_pulled(door, "traffic")
    await is_pulled(door, "stock")
    spent = visits("ads:s-1", DAYS[0], channel="ads", ad_cost="12.5", clicks=3)
    for rows in ([spent, visits(OWN, DAYS[0], visitors=5)], [visits(OWN, DAYS[1], visitors=5)]):
        assert (await post(door, "traffic", *rows))["invalid"] == 0
    assert (await post(door, "traffic", {**spent, "day": DAYS[1]}))["created"] == 1
    own = {**visits(OWN, DAYS[0]), "skus": 9, "skus_out": 1}
    dead = {**visits("erp:s-1", DAYS[0]), "skus_dead": 2}
    assert (await post(door, "stock", own, dead))["created"] == 2
    more = {**visits("erp:s-1", DAYS[0], "2026-11-07T08:00:00Z"), "skus": 9, "skus_dead": 2}
    assert refused(await post(door, "stock", more)) == [(1, "counted_twice", "/source")]


@pytest.mark.parametrize("way", ["no_feed", "another_shop", "another_kind"])
async def test_sources_beside_which_nothing_is_pulled_are_added_up(door: Door, way: str) -> None:
    if way == "another_shop":
        await is_pulled(door, "traffic", "amazon:s-2", "s-2")
    elif way == "another_kind":
        await is_pulled(door, "stock")
    await post(door, "traffic", visits("own:s-1", DAYS[0], visitors=100))
    assert (await bring(door, [DAYS[0], "97"]))["created"] == 1
    assert await visitors(door) == {DAYS[0]: 197}


async def test_who_stands_beside_another_already_may_correct_what_it_said(door: Door) -> None:
    """Both stated the day before anything was pulled: neither is locked in with its mistake."""
    for source, count in ((OWN, 100), (OTHER, 97)):
        await post(door, "traffic", visits(source, DAYS[0], visitors=count))
    await is_pulled(door, "traffic")
    later = "2026-11-07T08:00:00Z"
    for source, count in ((OWN, 101), (OTHER, 0)):
        answer = await post(door, "traffic", visits(source, DAYS[0], later, visitors=count))
        assert answer["updated"] == 1
    assert await visitors(door) == {DAYS[0]: 101}


async def test_two_tools_are_added_up_of_a_day_that_the_marketplace_has_not_told(
    door: Door,
) -> None:
    """They may each tell a part; the marketplace comes after them, and is refused."""
    await is_pulled(door, "traffic")
    rows = [visits(f"{tool}:s-1", DAYS[0], visitors=5) for tool in ("app", "web", "amazon")]
    assert refused(await post(door, "traffic", *rows)) == [(3, "counted_twice", "/source")]
    assert await visitors(door) == {DAYS[0]: 10}


def feedback(source: str, day: str, amount: int, **more: Any) -> dict[str, Any]:
    row = {"measure": "negative_feedback", "amount": str(amount), "shop": "s-1"}
    return {"source": source, "day": day, "modified_at": AT, **row, **more}


async def negative(door: Door) -> dict[str, int]:
    rows = await door.owner.fetch(
        "SELECT day, sum(amount)::int AS n FROM measure_facts WHERE tenant_id = $1"
        " AND measure = 'negative_feedback' GROUP BY day",
        door.tenant,
    )
    return {row["day"].isoformat(): row["n"] for row in rows}


async def test_feedback_that_is_pulled_is_not_posted_as_well_and_other_measures_are(
    door: Door,
) -> None:
    await is_pulled(door, "measures")
    dispute = feedback("erp", DAYS[0], 5, measure="refund_disputes")
    assert (await post(door, "measures", dispute))["created"] == 1
    both = [feedback(OWN, DAYS[0], 2), feedback(OWN, DAYS[0], 9, measure="feedback")]
    assert (await post(door, "measures", *both))["created"] == 2
    rows = [
        feedback("erp", DAYS[0], 2),
        # Without any negative one somebody else may not tell how many there were in all.
        feedback("erp", DAYS[0], 9, measure="feedback"),
        feedback("erp", DAYS[0], 0),
        feedback("erp", DAYS[0], 5, measure="messages"),
        feedback("erp", DAYS[1], 4),
        feedback("erp", DAYS[0], 3, shop="s-2"),
    ]
    answer = await post(door, "measures", *rows)
    assert answer["created"] == 4
    assert refused(answer) == [(1, "counted_twice", "/source"), (2, "counted_twice", "/source")]
    # And the other way round: what was posted of a day stands, and is corrected by who posted it.
    late = await post(door, "measures", feedback(OWN, DAYS[1], 6))
    assert refused(late) == [(1, "counted_twice", "/source")]
    assert await negative(door) == {DAYS[0]: 2 + 3, DAYS[1]: 4}


async def test_feedback_beside_which_nothing_is_pulled_is_added_up(door: Door) -> None:
    await is_pulled(door, "traffic")
    for source in ("erp", "desk"):
        assert (await post(door, "measures", feedback(source, DAYS[0], 2)))["created"] == 1
    assert await negative(door) == {DAYS[0]: 4}


AGENTS = ["日期", "旺旺昵称", "接待人数", "未回复人数", "平均响应时间"]


def agent(source: str, day: str, chats: int) -> dict[str, Any]:
    return {
        "source": source,
        "id": f"{day} e-1",
        "shop": "s-1",
        "employee": "e-1",
        "started_at": f"{day}T00:00:00+08:00",
        "modified_at": AT,
        "totals": {"chats": chats, "answered": chats},
    }


async def test_an_agents_day_that_was_pulled_does_not_come_by_a_file_again(door: Door) -> None:
    """Of service all counts: the sessions of a day told by the desk and by a tool are the same."""
    headers = {"Authorization": f"Bearer {door.keys['erp']}"}
    stated = (await door.get("/v1/mappings/service_agents")).json()
    del stated["code"], stated["built_in"]
    stated["fields"]["employee"]["words"] = {"小美": "e-1", "阿强": "e-2"}
    put = await door.client.put("/v1/mappings/kefu", json=stated, headers=headers)
    assert put.status_code == 201, put.text
    await is_pulled(door, "chats", "jd:s-1")
    assert (await post(door, "chats", agent("jd:s-1", DAYS[0], 40)))["created"] == 1
    rows = [[day, name, "50", "0", "30"] for day in DAYS for name in ("小美", "阿强")]
    answer = await door.client.post(
        "/v1/facts/chats",
        content=table(AGENTS, *rows),
        params={"mapping": "kefu", "shop": "s-1", "stated_at": AT},
        headers={**headers, "Content-Type": "text/csv"},
    )
    assert refused(answer.json()) == [(2, "counted_twice", "/source"),
                                      (3, "counted_twice", "/source")]  # fmt: skip
    single = agent("crm", DAYS[0], 1) | {"totals": None, "id": "c-1"}
    assert refused(await post(door, "chats", single)) == [(1, "counted_twice", "/source")]
    late = await post(door, "chats", agent("jd:s-1", DAYS[1], 40))
    assert refused(late) == [(1, "counted_twice", "/source")]
    counted = await door.owner.fetch(
        "SELECT day, sum(chats)::int AS n FROM chat_measures WHERE tenant_id = $1 GROUP BY 1"
        " ORDER BY 1",
        door.tenant,
    )
    assert [(row["day"].isoformat(), row["n"]) for row in counted] == [(DAYS[0], 40),
                                                                       (DAYS[1], 100)]  # fmt: skip
