"""Webhooks over REST: a secret shown once and kept sealed, events in their own transaction."""

import base64
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from services.api.rest.deliveries import DeliveryDocument
from services.api.rest.webhooks import WebhookDocument
from services.api.store.deliveries import tell_webhooks
from services.schema.shapes.webhooks import WebhookEvent
from tests.api.appraisals import (
    ask,
    cards,
    found,
    move,
    open_cycle,
    publish_scheme,
    refund,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale

URL = "https://hooks.example/kaohe"
ALL = [each.value for each in WebhookEvent]


async def hook(company: Company, *events: str, url: str = URL) -> Json:
    """A webhook of these events, with its secret."""
    return await ask(company, "POST", "/v1/webhooks", {"url": url, "events": list(events) or ALL})


async def told(company: Company, webhook: Json) -> list[tuple[str, Json]]:
    """What a webhook is to be told; in no order, as none is promised."""
    page = (await company.get(f"/v1/webhooks/{webhook['id']}/deliveries?limit=500")).json()
    assert page["next_cursor"] is None
    found = [(each["event"], each["data"]) for each in page["items"]]
    return sorted(found, key=lambda one: (one[0], sorted(one[1].items())))


async def test_a_secret_is_shown_once_and_kept_sealed(company: Company) -> None:
    wanted = {"url": URL, "events": ["cycle.moved", "alert.raised", "cycle.moved"]}
    first = await company.post("/v1/webhooks", wanted, Idempotency_Key="once")
    made = first.json()
    assert first.status_code == 201
    assert made["events"] == ["cycle.moved", "alert.raised"]
    assert (made["url"], made["previous_until"], made["disabled_at"]) == (URL, None, None)
    secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
    assert len(secret) == 32
    before = await company.digest()
    again = await company.post("/v1/webhooks", wanted, Idempotency_Key="once")
    assert again.json() == {**made, "secret": None}
    assert await company.digest() == before
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert (await company.get(f"/v1/webhooks/{made['id']}")).json() == shown
    assert (await company.get("/v1/webhooks")).json()["items"] == [shown]
    WebhookDocument.model_validate(shown, strict=False)
    async with company.owner.read(company.number) as session:
        for table in ("webhooks", "replies", "audit"):
            rows = await session.execute(text(f"SELECT t::text FROM {table} AS t"))  # noqa: S608  names of this test
            kept = "\n".join(rows.scalars())
            assert secret.hex() not in kept
            assert made["secret"] not in kept
    (entry,) = [
        each
        for each in (await company.get("/v1/audit?limit=500")).json()["items"]
        if each["action"] == "webhook.create"
    ]
    assert (entry["object"], entry["detail"]) == (
        f"webhook:{made['id']}",
        {"url": URL, "events": ["cycle.moved", "alert.raised"]},
    )


@pytest.mark.parametrize(
    ("changed", "code", "pointer"),
    [
        ({"url": "http://127.0.0.1/"}, "url_refused", "/url"),
        ({"url": "https://10.0.0.1/"}, "url_refused", "/url"),
        ({"url": "https://user@hooks.example/"}, "url_refused", "/url"),
        ({"url": ""}, "invalid", "/url"),
        ({"url": "https://h/" + "x" * 2000}, "invalid", "/url"),
        ({"events": []}, "invalid", "/events"),
        ({"events": ["scorecard.read"]}, "invalid", "/events/0"),
        ({"events": ["cycle.moved"] * 6}, "invalid", "/events"),
        ({"secret": "whsec_x"}, "unknown_field", "/secret"),
    ],
)
async def test_what_is_no_webhook_is_not_made(
    company: Company, changed: Json, code: str, pointer: str
) -> None:
    before = await company.digest()
    answer = await company.post("/v1/webhooks", {"url": URL, "events": ALL, **changed})
    found = [(fault["code"], fault["pointer"]) for fault in answer.json()["errors"]]
    assert (answer.status_code, found) == (422, [(code, pointer)])
    assert await company.digest() == before


async def test_without_a_key_to_seal_with_none_is_made(company: Company) -> None:
    company.app.state.keyring = None
    before = await company.digest()
    answer = await company.post("/v1/webhooks", {"url": URL, "events": ALL})
    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_key_missing")
    assert await company.digest() == before


async def test_a_company_has_twenty_and_no_more(company: Company) -> None:
    for _ in range(20):
        await hook(company, "cycle.moved")
    answer = await company.post("/v1/webhooks", {"url": URL, "events": ALL})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_webhooks")
    first = (await company.get("/v1/webhooks?limit=15")).json()
    rest = (await company.get(f"/v1/webhooks?cursor={first['next_cursor']}")).json()
    ids = [each["id"] for page in (first, rest) for each in page["items"]]
    assert (len(set(ids)), first["total"], rest["next_cursor"]) == (20, 20, None)


async def test_a_quarter_of_a_year_is_told_of_by_ids_and_nothing_else(company: Company) -> None:
    everything = await hook(company)
    moves = await hook(company, "cycle.moved")
    await found(company, ["e-1"])
    await publish_scheme(company)
    await set_targets(company, {"e-1": "2000"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500", id="so"))
    await open_cycle(company)
    card = (await cards(company))["employee:e-1"]
    changed = {"scorecard": card["id"], "cycle": "jan", "subject": "employee:e-1"}
    opened = [("cycle.moved", {"cycle": "jan"}), ("scorecard.changed", changed)]
    assert await told(company, everything) == opened
    # A card that changes again before anybody was told of it is told of once.
    await sell(company, Sale(paid_on=date(2026, 1, 6), salesperson="e-1", amount="100", id="so-2"))
    await company.app.state.live.settle(company.number)
    assert (await cards(company))["employee:e-1"]["total"] != card["total"]
    assert await told(company, everything) == opened
    await move(company, "jan", "closed", "review", "approved", "published")
    (result,) = (await company.get("/v1/results")).json()["items"]
    published = {"result": result["id"], "cycle": "jan", "subject": "employee:e-1"}
    assert await told(company, everything) == [
        *[("cycle.moved", {"cycle": "jan"})] * 5,
        ("result.published", published),
        ("scorecard.changed", changed),
    ]
    assert await told(company, moves) == [("cycle.moved", {"cycle": "jan"})] * 5
    await move(company, "jan", "open", reason="a refund")
    await refund(company, order="so", on=date(2026, 1, 20), amount="500")
    await company.app.state.live.settle(company.number)
    await move(company, "jan", "closed", "review", "approved", "published")
    corrected = [data for event, data in await told(company, everything) if "corr" in event]
    entries = (await company.get("/v1/payroll/entries?after=0")).json()["items"]
    wanted = [each["id"] for each in entries if each["kind"] == "correction"]
    assert sorted(data["entry"] for data in corrected) == sorted(wanted)
    assert {data["subject"] for data in corrected} == {"employee:e-1"}
    assert len(wanted) > 0


async def test_what_is_undone_is_not_told(company: Company) -> None:
    webhook = await hook(company)
    await found(company, ["e-1"])
    await publish_scheme(company)
    await open_cycle(company)
    before = await told(company, webhook)
    answer = await company.post("/v1/cycles/jan/moves", {"to": "published"})
    assert answer.status_code == 409
    assert await told(company, webhook) == before


async def test_an_alert_is_told_by_one_call(company: Company) -> None:
    webhook = await hook(company, "alert.raised")
    await hook(company, "cycle.moved")
    async with company.app.state.database.write(company.number) as session:
        await tell_webhooks(
            session, WebhookEvent.ALERT_RAISED, [{"alert": "alr_2"}, {"alert": "alr_1"}]
        )
        await tell_webhooks(session, WebhookEvent.SCORECARD_CHANGED, [{"scorecard": "sc_1"}])
    assert await told(company, webhook) == [
        ("alert.raised", {"alert": "alr_1"}),
        ("alert.raised", {"alert": "alr_2"}),
    ]


async def test_two_secrets_overlap_and_a_third_ends_the_first(company: Company) -> None:
    webhook = await hook(company)
    path = f"/v1/webhooks/{webhook['id']}/rotate"
    answer = await company.post(path, {"overlap_seconds": 3600}, Idempotency_Key="once")
    rotated = answer.json()
    assert answer.status_code == 200
    assert rotated["secret"] not in {None, webhook["secret"]}
    until = datetime.fromisoformat(rotated["previous_until"])
    assert timedelta(minutes=59) < until - datetime.now(UTC) <= timedelta(hours=1)
    again = await company.post(path, {"overlap_seconds": 3600}, Idempotency_Key="once")
    assert again.json() == {**rotated, "secret": None}
    for overlap in (-1, 30 * 86_400 + 1, "1"):
        assert (await company.post(path, {"overlap_seconds": overlap})).status_code == 422


async def test_a_webhook_goes_with_all_that_waits_for_it(company: Company) -> None:
    webhook, other = await hook(company), await hook(company)
    async with company.app.state.database.write(company.number) as session:
        await tell_webhooks(session, WebhookEvent.ALERT_RAISED, [{"alert": "alr_1"}])
    path = f"/v1/webhooks/{webhook['id']}"
    assert (await company.ask("DELETE", path)).status_code == 204
    for method, place in (("GET", path), ("GET", f"{path}/deliveries"), ("DELETE", path)):
        assert (await company.ask(method, place)).status_code == 404
    for place in (f"{path}/rotate", f"{path}/enable"):
        assert (await company.post(place, {})).status_code == 404
    assert await told(company, other) == [("alert.raised", {"alert": "alr_1"})]
    async with company.owner.read(company.number) as session:
        assert await session.scalar(text("SELECT count(*) FROM deliveries")) == 1


async def test_deliveries_are_walked_from_the_newest_and_filtered(company: Company) -> None:
    webhook = await hook(company)
    for number in range(5):
        async with company.app.state.database.write(company.number) as session:
            await tell_webhooks(session, WebhookEvent.ALERT_RAISED, [{"alert": f"alr_{number}"}])
    path = f"/v1/webhooks/{webhook['id']}/deliveries"
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await company.get(f"{path}?limit=2{cursor}")).json()
        assert page["total"] == 5
        seen += [each["data"]["alert"] for each in page["items"]]
        for each in page["items"]:
            DeliveryDocument.model_validate(each, strict=False)
            assert (each["status"], each["attempts"]) == ("waiting", [])
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["alr_4", "alr_3", "alr_2", "alr_1", "alr_0"]
    for status, total in (("waiting", 5), ("delivered", 0), ("failed", 0)):
        assert (await company.get(f"{path}?status={status}")).json()["total"] == total
    assert (await company.get(f"{path}?status=lost")).status_code == 422


async def test_another_company_neither_hears_nor_finds(companies: list[Company]) -> None:
    ours, theirs = companies
    webhook = await hook(ours)
    async with theirs.app.state.database.write(theirs.number) as session:
        await tell_webhooks(session, WebhookEvent.ALERT_RAISED, [{"alert": "alr_1"}])
    assert await told(ours, webhook) == []
    async with ours.app.state.database.write(ours.number) as session:
        await tell_webhooks(session, WebhookEvent.ALERT_RAISED, [{"alert": "alr_1"}])
    path = f"/v1/webhooks/{webhook['id']}"
    (delivery,) = (await ours.get(f"{path}/deliveries")).json()["items"]
    before = await ours.digest()
    assert (await theirs.post(f"/v1/deliveries/{delivery['id']}/replay", {})).status_code == 404
    assert (await theirs.post(f"{path}/rotate", {})).status_code == 404
    assert (await theirs.ask("DELETE", path)).status_code == 404
    await ours.make_key("hr", "hr")
    before = await ours.digest()
    for method, place in (
        ("GET", "/v1/webhooks"),
        ("POST", "/v1/webhooks"),
        ("POST", f"/v1/deliveries/{delivery['id']}/replay"),
    ):
        answer = await ours.ask(method, place, None if method == "GET" else {}, key="hr")
        assert answer.status_code == 403
    assert await ours.digest() == before
