"""A marketplace knocks: its shop's feeds are due at once, and nothing that it says is believed."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.ingest.rest.webhooks import Heard
from tests.figures import Figures, Wrong
from tests.ingest.doors import Door

SECRET = "hush"
BODY = '{"id":820982911946154508,"note":"谢谢"}'.encode()
LATER = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
async def tenant(door: Door, tmp_path: Path) -> str:
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
    return code


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


def test_only_the_last_knocks_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.ingest.rest.webhooks.MOST_HEARD", 2)
    heard = Heard()
    assert [heard.add("t", "s", name) for name in ("a", "b", "a", "c", "b", "a")] == [
        True, True, False, True, False, True,
    ]  # fmt: skip
    assert heard.add("t", "s", "")
    assert heard.add("t", "s", "")
