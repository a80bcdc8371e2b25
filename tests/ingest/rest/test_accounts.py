"""A shop's account is put through the door, sealed, and never comes out of it again."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.ingest.flows.accounts import open_accounts
from services.ingest.sources.reading import Credential
from services.schema.words import Role
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong
from tests.ingest.doors import Door, open_door

SECRETS = {"app_key": "key-7f3a", "secret": "s3cret-7f3a", "session": "se55ion-7f3a"}
PATH = "/v1/shops/s-1/account"


@pytest.fixture
async def door(database: TestDatabase) -> AsyncIterator[Door]:
    """Shop `s-1` is on Taobao."""
    async with open_door(database) as opened:
        await opened.add_key("admin", Role.ADMIN)
        await opened.add_key("hr", Role.HR)
        await on(opened, "taobao")
        yield opened


async def on(door: Door, marketplace: str | None) -> None:
    await door.owner.execute(
        "UPDATE shops SET marketplace = $2 WHERE tenant_id = $1 AND code = 's-1'",
        door.tenant, marketplace,
    )  # fmt: skip


async def put(door: Door, document: Any, *, path: str = PATH, **headers: str) -> httpx.Response:
    sent = {"Authorization": f"Bearer {door.keys['admin']}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return await door.client.put(path, json=document, headers=sent)


async def kept(door: Door) -> list[Any]:
    tables = ("accounts", "account_fields", "data_keys", "audit")
    return [
        await door.owner.fetch(f"SELECT * FROM {table} WHERE tenant_id = $1", door.tenant)  # noqa: S608 - ours
        for table in tables
    ]


async def credential(door: Door) -> Credential:
    async with door.app.state.database.read(door.tenant) as session:
        ((account,), shut) = await open_accounts(session, door.app.state.master_keys, "acme")
    assert shut == {}
    return account.credential


async def test_an_account_is_put_and_told_by_its_fields_alone(door: Door) -> None:
    terms = {"since": "2026-09-01", "also": ["x"], "calls_per_second": 7}
    answer = await put(door, {**terms, **SECRETS})
    assert answer.status_code == 200
    document = answer.json()
    assert {name: document[name] for name in terms} == terms
    assert [each["field"] for each in document["fields"]] == ["app_key", "secret", "session"]
    read = await door.get(PATH, key="hr")
    assert read.json() == document
    assert read.headers["ETag"] == answer.headers["ETag"]
    key, secret, session = SECRETS.values()
    expected = Credential(None, key, secret, session, also=frozenset({"x"}))
    assert await credential(door) == expected
    everything = answer.text + read.text + repr(await kept(door))
    for secret in SECRETS.values():
        assert secret not in everything
        assert secret.encode().hex() not in everything
    (entry,) = (await kept(door))[3]
    assert (entry["action"], entry["object"]) == ("account.put", "s-1")
    assert json.loads(entry["detail"])["set"] == ["app_key", "secret", "session"]


async def test_a_secret_that_is_not_named_stays_and_null_takes_one_away(door: Door) -> None:
    await put(door, {**SECRETS, "refresh": "re-1"})
    before = (await door.get(PATH, key="admin")).json()
    answer = await put(door, {"session": "se-2", "refresh": None})
    fields = {each["field"]: each["set_at"] for each in answer.json()["fields"]}
    assert set(fields) == {"app_key", "secret", "session"}
    assert fields["secret"] == before["fields"][1]["set_at"] < fields["session"]
    found = await credential(door)
    assert (found.secret, found.session, found.refresh) == (SECRETS["secret"], "se-2", None)


@pytest.mark.parametrize(
    ("document", "status", "pointers"),
    [
        ({}, 422, ["/app_key", "/secret", "/session"]),
        ({**SECRETS, "session": None}, 422, ["/session"]),
        ({**SECRETS, "secret": "two words"}, 422, ["/secret"]),
        ({**SECRETS, "secret": "line\nbreak"}, 422, ["/secret"]),
        ({**SECRETS, "secret": ""}, 422, ["/secret"]),
        ({**SECRETS, "secret": "x" * 4097}, 422, ["/secret"]),
        ({**SECRETS, "renewed": "x"}, 422, ["/renewed"]),
        ({**SECRETS, "calls_per_second": 0}, 422, ["/calls_per_second"]),
        ({**SECRETS, "gateway": "https://evil.example/"}, 422, ["/gateway"]),
        ({**SECRETS, "gateway": "http://eco.taobao.com/router/rest"}, 422, ["/gateway"]),
        ({**SECRETS, "gateway": "https://[::1"}, 422, ["/gateway"]),
        ({**SECRETS, "gateway": "http://127.0.0.1:8101/"}, 422, ["/gateway"]),
    ],
)
async def test_what_is_wrong_is_named_and_changes_nothing(
    door: Door, document: dict[str, Any], status: int, pointers: list[str]
) -> None:
    before = await kept(door)
    answer = await put(door, document)
    assert answer.status_code == status
    assert [fault["pointer"] for fault in answer.json()["errors"]] == pointers
    assert "7f3a" not in answer.text
    assert await kept(door) == before


async def test_a_gateway_is_one_that_would_be_called(door: Door) -> None:
    async def status(marketplace: str, gateway: str | None) -> int:
        await on(door, marketplace)
        return (await put(door, {**SECRETS, "gateway": gateway})).status_code

    assert await status("taobao", "https://eco.taobao.com/router/rest") == 200
    # The sandbox that the settings name, and no other place inside.
    assert await status("taobao", "http://127.0.0.1:8100/taobao") == 200
    assert await status("shopify", "https://x.myshopify.com") == 200
    assert await status("shopify", "https://x.myshopify.com.evil.example") == 422
    assert await status("shopify", None) == 422
    assert await status("woocommerce", "https://shop.example") == 200
    assert await status("woocommerce", "http://shop.example") == 422


async def test_a_shop_of_douyin_may_come_to_its_session_by_what_renews_it(door: Door) -> None:
    await on(door, "douyin")
    own = {**SECRETS, "session": None, "refresh": "shop:4463798"}
    assert (await put(door, own)).status_code == 200
    assert (await credential(door)).refresh == "shop:4463798"
    # What is kept already counts, and what is taken away does not.
    assert (await put(door, {"secret": "se-2"})).status_code == 200
    answer = await put(door, {"refresh": None})
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/session"]
    await on(door, "jd")
    assert (await put(door, own)).status_code == 422


async def test_who_has_no_shop_marketplace_or_state_of_it_puts_nothing(door: Door) -> None:
    assert (await put(door, SECRETS, path="/v1/shops/none/account")).status_code == 404
    assert (await door.get(PATH, key="admin")).status_code == 404
    assert (await put(door, SECRETS, If_Match='"x"')).status_code == 412
    tag = (await put(door, SECRETS)).headers["ETag"]
    assert (await put(door, {"session": "se-2"}, If_Match=tag)).status_code == 200
    assert (await put(door, {"session": "se-3"}, If_Match=tag)).status_code == 412
    assert (await credential(door)).session == "se-2"
    await on(door, None)
    answer = await put(door, SECRETS)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_connector")


async def test_without_a_master_key_nothing_is_kept(door: Door) -> None:
    before, door.app.state.master_keys = await kept(door), None
    answer = await put(door, SECRETS)
    assert (answer.status_code, answer.json()["code"]) == (409, "master_key_missing")
    assert await kept(door) == before


async def test_an_account_is_taken_away_whole(door: Door) -> None:
    await put(door, SECRETS)
    headers = {"Authorization": f"Bearer {door.keys['admin']}"}
    assert (await door.client.delete(PATH, headers=headers)).status_code == 204
    accounts, fields, _, audit = await kept(door)
    assert (accounts, fields) == ([], [])
    assert sorted(entry["action"] for entry in audit) == ["account.put", "account.remove"]
    assert (await door.client.delete(PATH, headers=headers)).status_code == 404


async def test_a_knock_is_known_by_the_sealed_secret(door: Door) -> None:
    code = f"sealed-{door.tenant}"
    await door.owner.execute(
        "INSERT INTO tenants (id, code, created_at) OVERRIDING SYSTEM VALUE VALUES ($1, $2, now())",
        door.tenant, code,
    )  # fmt: skip
    await put(door, SECRETS)
    body = b'{"id":1}'

    async def knock(secret: str) -> int:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        headers = {"X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode()}
        path = f"/v1/feeds/hooks/{code}/s-1"
        return (await door.client.post(path, content=body, headers=headers)).status_code

    assert await knock(SECRETS["secret"]) == 204
    assert await knock("other") == 401
    # Whoever pulls in another test looks for accounts of all tenants.
    await door.owner.execute("DELETE FROM tenants WHERE id = $1", door.tenant)


async def test_scenario_h03_of_two_who_put_an_account_at_once_one_is_told(
    door: Door, figure: Figures
) -> None:
    lost = []
    for _ in range(5):
        terms = {"calls_per_second": 1}
        tag = (await put(door, {**SECRETS, **terms})).headers["etag"]
        answers = await asyncio.gather(
            *(put(door, {**SECRETS, "calls_per_second": rate}, If_Match=tag) for rate in (2, 3))
        )
        statuses = sorted(answer.status_code for answer in answers)
        lost += [statuses] if statuses != [200, 412] else []
    figure("H03", Wrong.CHANGES, lost, tried=10, of="changes of an account by what was read before")
