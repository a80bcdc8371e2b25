"""A marketplace knocks: its shop's feeds are due at once, and nothing that it says is believed."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from sandbox.doors import credentials, open_all
from sandbox.knocks import SHOPS, Knocker
from sandbox.lives import first_day
from services.ingest.rest.webhooks import Heard
from services.schema.words import Role
from tests.figures import Figures, Wrong
from tests.ingest.doors import Door

SECRET = "hush"
BODY = '{"id":820982911946154508,"note":"谢谢"}'.encode()
LATER = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
async def tenant(door: Door, tmp_path: Path) -> AsyncIterator[str]:
    """The code of a tenant whose shop `s-1` is pulled, and has two feeds that rest for long."""
    code = f"knocked-{door.tenant}"
    await door.owner.execute(
        "INSERT INTO tenants (id, code, created_at) OVERRIDING SYSTEM VALUE VALUES ($1, $2, now())",
        door.tenant, code,
    )  # fmt: skip
    shop = {"tenant": code, "shop": "s-1", "app_key": "k", "secret": SECRET, "session": "t"}
    file = tmp_path / "marketplaces.json"
    file.write_text(json.dumps({"shops": [shop]}), encoding="utf-8")
    settings = door.app.state.settings
    door.app.state.settings = settings.model_copy(update={"marketplaces": file})
    for number, (kind, problem) in enumerate(
        (("orders", None), ("refunds", None), ("traffic", "banned for a while"))
    ):
        await door.owner.execute(
            "INSERT INTO feeds (tenant_id, id, shop, kind, source, due_at, problem, lease_token,"
            " attempts, accepted, applied, rejected)"
            " VALUES ($1, $2, 's-1', $3, 'shopify:s-1', $4, $5, 0, 0, 0, 0, 0)",
            door.tenant, f"feed_{number}", kind, LATER, problem,
        )  # fmt: skip
    yield code
    # Nobody who pulls comes by its account.
    await door.owner.execute("DELETE FROM tenants WHERE id = $1", door.tenant)


def signed(body: bytes, secret: str = SECRET) -> str:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


async def knock(
    door: Door, tenant: str, *, shop: str = "s-1", body: bytes = BODY, **headers: str
) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await door.client.post(f"/v1/feeds/hooks/{tenant}/{shop}", content=body, headers=sent)


async def due(door: Door) -> dict[str, Any]:
    rows = await door.owner.fetch(
        "SELECT kind, due_at FROM feeds WHERE tenant_id = $1", door.tenant
    )
    return {row["kind"]: row["due_at"] for row in rows}


@pytest.mark.parametrize("name", ["X_Shopify_Hmac_Sha256", "X_WC_Webhook_Signature"])
async def test_a_knock_makes_the_feeds_of_its_shop_due(door: Door, tenant: str, name: str) -> None:
    """Soon, and not at once: the lists may not have it yet. A feed that has to rest rests on."""
    before = await door.books()
    answer = await knock(door, tenant, body=BODY, **{name: signed(BODY)})
    assert (answer.status_code, answer.content) == (204, b"")
    found = await due(door)
    soon = datetime.now(UTC) + timedelta(seconds=6)
    assert found["orders"] == found["refunds"] <= soon
    assert found["traffic"] == LATER
    after = await door.books()
    assert before.pop("feeds") != after.pop("feeds")
    assert after == before


async def test_a_knock_that_is_repeated_does_nothing_more(door: Door, tenant: str) -> None:
    for number, name in enumerate(("w-1", "w-1", "w-2")):
        await door.owner.execute("UPDATE feeds SET due_at = $1", LATER)
        answer = await knock(
            door, tenant, X_Shopify_Hmac_Sha256=signed(BODY), X_Shopify_Webhook_Id=name
        )
        assert answer.status_code == 204
        assert ((await due(door))["orders"] == LATER) == (number == 1)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"X_Shopify_Hmac_Sha256": signed(BODY, "other")},
        {"X_Shopify_Hmac_Sha256": signed(BODY + b" ")},
        {"X_Shopify_Hmac_Sha256": signed(BODY), "shop": "s-2"},
        {"X_Shopify_Hmac_Sha256": signed(BODY), "tenant": "nobody"},
        {"X_Shopify_Hmac_Sha256": signed(BODY), "body": json.dumps(json.loads(BODY)).encode()},
    ],
)
async def test_scenario_x02_who_is_not_the_marketplace_is_told_nothing(
    door: Door, tenant: str, changes: dict[str, Any], figure: Figures
) -> None:
    """The same answer for a wrong signature and for a shop, or a company, that there is not."""
    given = {"tenant": tenant, **changes}
    answer = await knock(door, given.pop("tenant"), **given)
    of = "messages to us, unsigned, changed, or of another shop"
    figure("X02", Wrong.ACCEPTED, int(answer.status_code != 401), tried=1, of=of)
    assert answer.json()["detail"] == "The signature is not that of this shop."
    assert set((await due(door)).values()) == {LATER}


async def test_a_body_larger_than_any_webhook_is_refused(door: Door, tenant: str) -> None:
    body = b"x" * (1 << 20) + b"x"
    answer = await knock(door, tenant, body=body, X_Shopify_Hmac_Sha256=signed(body))
    assert answer.status_code == 413
    assert set((await due(door)).values()) == {LATER}


async def test_a_knock_is_known_by_the_account_that_is_sealed(door: Door, tenant: str) -> None:
    """It goes before the one that stands in the file, whose secret is another."""
    await door.add_key("admin", Role.ADMIN)
    await door.owner.execute(
        "UPDATE shops SET marketplace = 'shopify' WHERE tenant_id = $1 AND code = 's-1'",
        door.tenant,
    )
    document = {
        "gateway": "http://127.0.0.1:8100",
        "app_key": "k",
        "secret": "sealed",
        "session": "t",
    }
    sent = {"Authorization": f"Bearer {door.keys['admin']}"}
    put = await door.client.put("/v1/shops/s-1/account", json=document, headers=sent)
    assert put.status_code == 200
    for secret, status in ((SECRET, 401), ("sealed", 204)):
        answer = await knock(door, tenant, X_Shopify_Hmac_Sha256=signed(BODY, secret))
        assert answer.status_code == status
    pushed = hashlib.md5(b"k" + BODY + b"sealed").hexdigest()  # noqa: S324 - theirs
    answer = await knock(door, tenant, event_sign=pushed)
    assert (answer.status_code, answer.json()) == (200, {"code": 0, "msg": "success"})
    assert (await knock(door, tenant, event_sign=pushed[::-1])).status_code == 401
    # Its own form alone proves a message, whatever else comes along.
    good = signed(BODY, "sealed")
    answer = await knock(door, tenant, event_sign="x", X_Shopify_Hmac_Sha256=good)
    assert answer.status_code == 401


async def test_a_site_that_asks_whether_anybody_is_there_hears_yes(door: Door) -> None:
    """Unsigned, when a webhook is saved, and it wants a 200; of a shop that tells nothing."""
    before = await door.books()
    for body, status in ((b"webhook_id=12", 200), (b"webhook_id=12&a=1", 401), (b"", 401)):
        assert (await knock(door, "nobody", body=body)).status_code == status
    assert await door.books() == before


async def test_the_sandboxes_shops_are_heard_at_the_real_door(door: Door, tmp_path: Path) -> None:
    """Shopify, WooCommerce and Douyin: signed, told once each, and each shop's feeds are due."""
    code = f"knocked-{door.tenant}"
    await door.owner.execute(
        "INSERT INTO tenants (id, code, created_at) OVERRIDING SYSTEM VALUE VALUES ($1, $2, now())",
        door.tenant, code,
    )  # fmt: skip
    today = datetime.now(UTC).date()
    file = tmp_path / "marketplaces.json"
    accounts = credentials(code, "http://127.0.0.1:8100", today)
    file.write_text(json.dumps(accounts), encoding="utf-8")
    door.app.state.settings = door.app.state.settings.model_copy(update={"marketplaces": file})
    shops = [shop.code for shop in SHOPS]
    for shop in [*shops, "jd-qinghe"]:
        await door.owner.execute(
            "INSERT INTO feeds (tenant_id, id, shop, kind, source, due_at, lease_token,"
            " attempts, accepted, applied, rejected)"
            " VALUES ($1, $2, $2, 'orders', $2, $3, 0, 0, 0, 0, 0)",
            door.tenant, shop, LATER,
        )  # fmt: skip
    gateways = open_all(first_day(today), lambda: datetime.now(UTC))
    hooks = f"http://kaohe.test/v1/feeds/hooks/{code}"
    knocker = Knocker(hooks, gateways, lambda: datetime.now(UTC), door.client)
    await knocker.knock()
    rows = await door.owner.fetch(
        "SELECT shop, due_at FROM feeds WHERE tenant_id = $1", door.tenant
    )
    assert sorted(shops) == ["dy-qinghe", "sp-qinghe", "wc-qinghe"]
    assert {row["shop"] for row in rows if row["due_at"] < LATER} == set(shops)
    assert knocker._waiting == []
    # With another company's secret it is nobody's knock.
    accounts["shops"] = [
        {**account, "secret": "other"}
        for account in cast("list[dict[str, str]]", accounts["shops"])
    ]
    file.write_text(json.dumps(accounts), encoding="utf-8")
    await door.owner.execute("UPDATE feeds SET due_at = $1", LATER)
    again = Knocker(hooks, gateways, lambda: datetime.now(UTC), door.client)
    await again.knock()
    rows = await door.owner.fetch("SELECT due_at FROM feeds WHERE tenant_id = $1", door.tenant)
    assert {row["due_at"] for row in rows} == {LATER}
    assert {each.shop.code for each in again._waiting} == {"dy-qinghe", "sp-qinghe"}
    await door.owner.execute("DELETE FROM tenants WHERE id = $1", door.tenant)


def test_only_the_last_knocks_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.ingest.rest.webhooks.MOST_HEARD", 2)
    heard = Heard()
    assert [heard.add("t", "s", name) for name in ("a", "b", "a", "c", "b", "a")] == [
        True, True, False, True, False, True,
    ]  # fmt: skip
    assert heard.add("t", "s", "")
    assert heard.add("t", "s", "")
