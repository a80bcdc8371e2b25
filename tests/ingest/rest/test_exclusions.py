"""The ledger of exclusions over REST: stated, listed, undone, both figures, and for whom."""

import json
from typing import Any

import httpx

from services.schema.words import FactKind, Role
from tests.databases import TestDatabase
from tests.ingest import rows
from tests.ingest.doors import Door, lines, open_door

ORDERS = FactKind.ORDERS
PATH = "/v1/exclusions"
STATED = {"source": "erp", "order": "SO-1", "reason": "brushing", "note": "一人三单", "rule": "r-7"}


async def send(
    door: Door, path: str, body: object, *, key: str = "office", once: str | None = None
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {door.keys[key]}"}
    if once is not None:
        headers["Idempotency-Key"] = once
    return await door.client.post(path, json=body, headers=headers)


async def ready(door: Door) -> None:
    """An HR, three orders of two shops, one of which its source excludes, and a refund."""
    await door.add_key("office", Role.HR)
    await door.post(
        ORDERS,
        lines(
            rows.full(ORDERS),
            rows.full(ORDERS, id="SO-2", exclusion="staff", paid_amount="5"),
            rows.full(ORDERS, id="SO-3", shop="s-2", currency="USD", salesperson="e-2",
                      source="pos"),
        ),
    )  # fmt: skip
    await door.post(FactKind.REFUNDS, lines(rows.full(FactKind.REFUNDS)))


async def listed(door: Door, path: str = PATH, *, key: str = "office", **query: Any) -> list[Any]:
    answer = await door.get(path, key=key, **query)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


async def test_an_exclusion_is_stated_listed_undone_and_stays_in_the_ledger(door: Door) -> None:
    await ready(door)
    answer = await send(door, PATH, STATED, once="a")
    assert answer.status_code == 201, answer.text
    entry = answer.json()
    known = entry["id"]
    assert known.startswith("exc_")
    assert (await send(door, PATH, STATED, once="a")).json() == entry
    assert entry.pop("author").startswith("key:key_")
    assert entry.pop("author_name") == "hr"
    assert entry.pop("stated_at")
    assert entry == {
        "id": known, "source": "erp", "order": "SO-1", "shop": "s-1", "salesperson": "e-1",
        "paid_on": "2026-11-01", "paid_amount": "128.00", "currency": "CNY", "reason": "brushing",
        "note": "一人三单", "rule": "r-7", "undone": None,
    }  # fmt: skip
    fact = (await door.get("/v1/facts/orders", shop="s-1", key="office")).json()["items"][0]
    assert (fact["id"], fact["exclusion"]) == ("SO-1", "brushing")
    undone = (await send(door, f"{PATH}/{known}/undo", {"note": "真单"})).json()
    assert (undone["undone"]["note"], undone["reason"]) == ("真单", "brushing")
    assert await listed(door) == [undone]
    other = (await send(door, PATH, {**STATED, "source": "pos", "order": "SO-3"})).json()
    assert await listed(door, undone=False) == [other]
    assert await listed(door, undone=True, order="SO-1", source="erp") == [undone]
    assert await listed(door, shop="s-2", employee="e-2", reason="brushing") == [other]
    assert await listed(door, reason="test") == []
    first = (await door.get(PATH, key="office", limit=1)).json()
    assert (first["items"], first["total"]) == ([undone], 2)
    assert await listed(door, cursor=first["next_cursor"]) == [other]
    deeds = await door.owner.fetch(
        "SELECT action, object, detail FROM audit WHERE tenant_id = $1 AND action LIKE 'order.%' "
        "ORDER BY number",
        door.tenant,
    )
    assert [(row["action"], row["object"]) for row in deeds] == [
        ("order.exclude", "order:erp/SO-1"), ("order.restore", "order:erp/SO-1"),
        ("order.exclude", "order:pos/SO-3"),
    ]  # fmt: skip
    assert json.loads(deeds[1]["detail"])["undoes"] == known


async def test_both_figures_can_be_read_with_who_says_so(door: Door) -> None:
    await ready(door)
    entry = (await send(door, PATH, STATED)).json()
    days = {"from": "2026-11-01", "to": "2026-12-01"}
    home, abroad = await listed(door, f"{PATH}/figures", **days)
    assert home == {
        "shop": "s-1",
        "currency": "CNY",
        "with_excluded": {
            "orders": 2, "sales": "133.00", "refunds": "28.00", "net_sales": "105.00"
        },
        "without_excluded": {"orders": 0, "sales": "0.00", "refunds": "0.00", "net_sales": "0.00"},
        "excluded": [
            {"reason": "brushing", "stated_by": "ledger", "orders": 1, "sales": "128.00"},
            {"reason": "staff", "stated_by": "source", "orders": 1, "sales": "5.00"},
        ],
    }  # fmt: skip
    assert (abroad["shop"], abroad["with_excluded"]) == ("s-2", abroad["without_excluded"])
    await send(door, f"{PATH}/{entry['id']}/undo", {"note": "no"})
    (again,) = await listed(door, f"{PATH}/figures", shop="s-1", **days)
    assert again["with_excluded"] == home["with_excluded"]
    assert again["without_excluded"]["net_sales"] == "100.00"
    first = (await door.get(f"{PATH}/figures", key="office", limit=1, **days)).json()
    assert (first["items"], first["total"]) == ([again], 2)
    cursor = first["next_cursor"]
    assert await listed(door, f"{PATH}/figures", cursor=cursor, **days) == [abroad]
    assert await listed(door, f"{PATH}/figures", **{**days, "to": "2026-11-07", "shop": "s-1"}) == [
        {**again, "with_excluded": {**again["with_excluded"], "refunds": "0.00",
                                    "net_sales": "133.00"},
         "without_excluded": {**again["without_excluded"], "refunds": "0.00",
                              "net_sales": "128.00"}}
    ]  # fmt: skip
    refused = await door.get(
        f"{PATH}/figures", key="office", **{"from": "2026-11-01", "to": "2026-11-01"}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "period_invalid")


async def test_what_is_refused_says_where_and_changes_nothing(door: Door) -> None:
    await ready(door)
    await send(door, PATH, STATED)
    before, ledger = await door.books(), await listed(door)
    for body, status, code, pointer in (
        ({**STATED, "reason": "fraud"}, 422, "invalid", "/reason"),
        ({**STATED, "note": ""}, 422, "invalid", "/note"),
        ({**STATED, "more": 1}, 422, "invalid", "/more"),
        ({name: STATED[name] for name in STATED if name != "source"}, 422, "invalid", "/source"),
        ({**STATED, "order": "SO-9"}, 409, "unknown_order", "/order"),
        ({**STATED, "source": "pos"}, 409, "unknown_order", "/order"),
        (STATED, 409, "already_excluded", "/order"),
    ):
        refused = await send(door, PATH, body)
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (status, code), body
        assert [each["pointer"] for each in problem["errors"]] == [pointer]
    for unknown in ("exc_0", "exc_" + "0" * 26):
        missing = await send(door, f"{PATH}/{unknown}/undo", {"note": "x"})
        assert missing.status_code == 404
    assert (await door.books(), await listed(door)) == (before, ledger)


async def test_many_are_excluded_at_once_all_or_none(door: Door) -> None:
    await ready(door)
    one = {**STATED, "rule": "same_phone"}
    two = {**one, "source": "pos", "order": "SO-3", "note": "the same phone"}
    before = await door.books()
    for body, status, code, pointer in (
        ([one, {**two, "order": "SO-9"}], 409, "unknown_order", "/1/order"),
        ([one, two, one], 409, "already_excluded", "/2/order"),
        ([one, {**two, "reason": "fraud"}], 422, "invalid", "/1/reason"),
        ([], 422, "invalid", ""),
        ([one] * 101, 422, "invalid", ""),
    ):
        refused = await send(door, f"{PATH}/batch", body)
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (status, code), problem
        assert problem["errors"][0]["pointer"] == pointer
    assert (await door.books(), await listed(door)) == (before, [])
    made = await send(door, f"{PATH}/batch", [one, two])
    assert (made.status_code, made.json()["total"]) == (201, 2)
    assert await listed(door) == made.json()["items"]
    told = [(each["order"], each["rule"], each["note"]) for each in made.json()["items"]]
    assert told == [
        (STATED["order"], "same_phone", STATED["note"]),
        ("SO-3", "same_phone", "the same phone"),
    ]
    # One by one they come to the same sums.
    together = await door.books()
    for each in made.json()["items"]:
        await send(door, f"{PATH}/{each['id']}/undo", {"note": "x"})
    for again in (two, one):
        assert (await send(door, PATH, again)).status_code == 201
    alone = await door.books()
    assert {name: table for name, table in alone.items() if name.endswith("_measures")} == {
        name: table for name, table in together.items() if name.endswith("_measures")
    }


async def test_who_excludes_and_who_may_read_of_it(door: Door) -> None:
    await ready(door)
    for role in Role:
        await door.add_key(role, role, "e-1")
    own = (await send(door, PATH, STATED)).json()
    other = (await send(door, PATH, {**STATED, "source": "pos", "order": "SO-3"})).json()
    everything = {Role.ADMIN, Role.HR, Role.ERP}
    for role in Role:
        status = 200 if role in everything | {Role.LEAD, Role.EMPLOYEE} else 403
        answer = await door.get(PATH, key=role)
        assert answer.status_code == status, role
        if status == 200:
            seen = [own, other] if role in everything else [own]
            assert answer.json()["items"] == seen, role
        figures = await door.get(
            f"{PATH}/figures", key=role, **{"from": "2026-11-01", "to": "2026-12-01"}
        )
        assert figures.status_code == (200 if role in everything | {Role.LEAD} else 403), role
        if role is Role.LEAD:  # who answers for no shop is shown none
            assert figures.json()["items"] == []
        for path, body in ((PATH, STATED), (f"{PATH}/{own['id']}/undo", {"note": "mine"})):
            # The two that may do it may not do it to orders of their own.
            assert (await send(door, path, body, key=role)).status_code == 403, (role, path)
    assert (
        await send(door, f"{PATH}/{other['id']}/undo", {"note": "x"}, key="admin")
    ).status_code == 201


async def test_another_company_finds_nothing_to_exclude_or_undo(
    door: Door, database: TestDatabase
) -> None:
    await ready(door)
    entry = (await send(door, PATH, STATED)).json()
    async with open_door(database) as foreign:
        await foreign.add_key("office", Role.HR)
        assert (await foreign.get(PATH, key="office")).json()["total"] == 0
        assert (await send(foreign, PATH, STATED)).json()["code"] == "unknown_order"
        undo = await send(foreign, f"{PATH}/{entry['id']}/undo", {"note": "x"})
        assert undo.status_code == 404
