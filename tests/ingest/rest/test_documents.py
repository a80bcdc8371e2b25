"""The facts behind a figure: by the day they count on, to whoever may see them, page by page."""

from typing import Any

import pytest

from services.ingest.core.buyers import sealer
from services.ingest.core.facts import FIELDS
from services.schema.words import FactKind, Role
from tests.ingest import rows
from tests.ingest.doors import BUYER_KEY, Door, lines

ORDERS = FactKind.ORDERS


async def found(
    door: Door, kind: FactKind = ORDERS, *, key: str = "erp", **query: Any
) -> list[Any]:
    if "since" in query:
        query["from"] = query.pop("since")
    response = await door.get(f"/v1/facts/{kind}", key=key, **query)
    assert response.status_code == 200, response.text
    page = response.json()
    assert page["total"] == len(page["items"])
    assert page["next_cursor"] is None
    items: list[Any] = page["items"]
    return items


def ids(items: list[Any]) -> list[str]:
    return [item["id"] for item in items]


async def fill(door: Door, kind: FactKind, *posted: rows.Row) -> None:
    answer = (await door.post(kind, lines(*posted))).json()
    assert answer["created"] == len(posted), answer


@pytest.mark.parametrize("kind", FactKind)
async def test_a_fact_is_shown_as_it_was_posted(door: Door, kind: FactKind) -> None:
    row = rows.full(kind)
    # A company that goes on with the deployment's key.
    former = "INSERT INTO buyer_keys VALUES ($1, 1, NULL, NULL, now())"
    await door.owner.execute(former, door.tenant)
    await fill(door, kind, row)
    (shown,) = await found(door, kind)
    if "buyer" in row:
        row["buyer"] = sealer(BUYER_KEY.encode(), door.tenant)("erp", row["buyer"])
    assert FIELDS[kind].keys() <= shown.keys()
    for name, value in row.items():
        if name.endswith("_at") and value is not None:
            assert shown[name].endswith("+00:00")
        elif name == "lines":
            assert [line["amount"] for line in shown["lines"]] == ["100.00", "28.00"]
            assert [line["tags"] for line in shown["lines"]] == [["hit", "new"], ["profit", "x"]]
        elif name in {"response_seconds", "score"}:
            assert shown[name] == str(value)
        else:
            assert shown[name] == value, name


async def test_amounts_have_their_currencys_decimals_and_those_that_were_stated(door: Door) -> None:
    await fill(door, ORDERS, rows.full(ORDERS, paid_amount=128, cost_amount="70.0055"))
    (order,) = await found(door)
    assert (order["paid_amount"], order["cost_amount"]) == ("128.00", "70.0055")


async def test_a_refund_shows_the_people_of_its_order(door: Door) -> None:
    await fill(door, FactKind.REFUNDS, rows.full(FactKind.REFUNDS))
    await fill(door, ORDERS, rows.full(ORDERS, exclusion="test"))
    (refund,) = await found(door, FactKind.REFUNDS, employee="e-1", channel="search")
    assert (refund["salesperson"], refund["counts"], refund["day"]) == ("e-1", False, "2026-11-07")
    assert refund["currency"] == "CNY"


async def test_orders_of_the_days_they_count_on(door: Door) -> None:
    unpaid = {"status": "unpaid", "paid_at": None, "shipped_at": None, "completed_at": None}
    await fill(
        door,
        ORDERS,
        rows.full(ORDERS, id="a"),  # paid on the first of November
        rows.full(ORDERS, id="b", **unpaid),  # placed on the last of October
        rows.full(ORDERS, id="c", shop="s-2"),  # in New York still October
    )
    assert ids(await found(door)) == ["b", "c", "a"]
    assert ids(await found(door, since="2026-11-01")) == ["a"]
    assert ids(await found(door, to="2026-11-01")) == ["b", "c"]
    assert ids(await found(door, since="2026-10-31", to="2026-11-02")) == ["b", "c", "a"]
    assert ids(await found(door, since="2026-11-02")) == []
    assert [item["day"] for item in await found(door, shop="s-1")] == ["2026-10-31", "2026-11-01"]


async def test_each_filter(door: Door) -> None:
    await fill(
        door,
        ORDERS,
        rows.full(ORDERS, id="a"),
        rows.full(ORDERS, id="b", salesperson="e-2"),
        rows.full(ORDERS, id="c", channel=None),
        rows.full(ORDERS, id="d", campaign="618 大促"),
    )
    assert ids(await found(door, employee="e-2")) == ["b"]
    assert ids(await found(door, channel="search")) == ["a", "b", "d"]
    assert ids(await found(door, campaign="618 大促", shop="s-1")) == ["d"]
    assert ids(await found(door, shop="s-2")) == []
    kind = FactKind.MEASURES
    await fill(door, kind, rows.full(kind), rows.full(kind, shop=None, unit="u-1"))
    assert len(await found(door, kind, unit="u-1", measure="registrations")) == 1
    assert await found(door, kind, measure="callbacks") == []
    for refused in ({"unit": "u-1"}, {"measure": "registrations"}):
        response = await door.get("/v1/facts/orders", **refused)
        assert response.status_code == 422
        assert response.json()["errors"][0]["code"] == "filter_unknown"


async def test_walking_the_pages_gives_each_fact_once(door: Door) -> None:
    await fill(
        door,
        ORDERS,
        *(
            rows.full(ORDERS, id=f"SO-{number:02}", paid_at=f"2026-11-0{1 + number % 3}T00:00:00Z")
            for number in range(23)
        ),
    )
    seen: list[Any] = []
    query: dict[str, Any] = {"limit": 5}
    while True:
        page = (await door.get("/v1/facts/orders", **query)).json()
        seen += page["items"]
        assert page["total"] == 23
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
        # Rows that are added meanwhile behind the reader do not move what is ahead.
        early = rows.full(ORDERS, id="SO-00", modified_at="2027-01-01T00:00:00Z")
        await door.post(ORDERS, lines(early))
    assert len(seen) == len(set(ids(seen))) == 23
    assert [item["day"] for item in seen] == sorted(item["day"] for item in seen)
    for bad in ({"limit": 501}, {"limit": 0}, {"cursor": "x"}, {"cursor": query["cursor"] + "A"}):
        assert (await door.get("/v1/facts/orders", **bad)).status_code == 422
    other = await door.get("/v1/facts/refunds", cursor=query["cursor"])
    assert other.status_code == 422


async def test_people_see_their_own_facts_and_leads_those_of_their_people(door: Door) -> None:
    for code in ("lead", "mine", "other"):
        await door.owner.execute(
            "INSERT INTO employees (tenant_id, code, name, manager, version) "
            "VALUES ($1, $2, 'x', $3, 1)",
            door.tenant,
            code,
            "lead" if code == "mine" else None,
        )
    await fill(
        door,
        ORDERS,
        *(rows.full(ORDERS, id=code, salesperson=code) for code in ("lead", "mine", "other")),
        rows.full(ORDERS, id="nobody", salesperson=None),
    )
    await door.add_key("employee", Role.EMPLOYEE, "mine")
    await door.add_key("lead", Role.LEAD, "lead")
    assert ids(await found(door, key="employee")) == ["mine"]
    assert ids(await found(door, key="employee", employee="other")) == []
    assert ids(await found(door, key="lead")) == ["lead", "mine"]
    for role in (Role.HR, Role.ADMIN):
        await door.add_key(role, role)
        assert len(await found(door, key=role)) == 4
    for role in (Role.PAYROLL, Role.VIEWER):
        await door.add_key(role, role)
        assert (await door.get("/v1/facts/orders", key=role)).status_code == 403


async def test_another_tenants_facts_do_not_exist(door: Door) -> None:
    await fill(door, ORDERS, rows.full(ORDERS))
    _, number, *rest = door.keys["erp"].split("_")
    door.keys["foreign"] = "_".join(["kh", str(int(number) + 1), *rest])
    assert (await door.get("/v1/facts/orders", key="foreign")).status_code == 401
