"""Deliveries: signed, tried again, replayed, given up for a reason; at least once, lost never."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError

from services.api.core import webhooks as core
from services.api.core.webhooks import MOST_TRIES, PATIENCE
from services.api.flows.deliveries import AT_ONCE, LEASE
from services.api.receivers import Receivers
from services.api.store.deliveries import claim_due, tell_webhooks
from services.api.workers import webhooks
from services.api.workers.webhooks import WebhookWorker
from services.door.sealing import Keyring
from services.schema.errors import NotFound
from services.schema.shapes.webhooks import WebhookEvent
from tests.api.appraisals import ask
from tests.api.companies import Company, Json
from tests.api.receiving import OK, Receiver, answer, receiving
from tests.api.workers.hearing import only_hears, only_sweeps
from tests.figures import Figures, Wrong

running = WebhookWorker.running
"""As it is, before the companies of these tests have it do nothing in the background."""
LOOPBACK = Receivers(plain=True, loopback=True)


def worker_of(company: Company) -> WebhookWorker:
    state = company.app.state
    return WebhookWorker(state.database, state.keyring, LOOPBACK, kept=timedelta(days=30))


async def hook(company: Company, receiver: Receiver) -> Json:
    company.app.state.receivers = LOOPBACK
    wanted = {"url": receiver.url, "events": ["alert.raised"]}
    return await ask(company, "POST", "/v1/webhooks", wanted)


async def happen(company: Company, *alerts: str) -> None:
    async with company.app.state.database.write(company.number) as session:
        await tell_webhooks(
            session, WebhookEvent.ALERT_RAISED, [{"alert": each} for each in alerts]
        )


async def deliveries(company: Company, webhook: Json) -> list[Json]:
    """Oldest first."""
    page = await company.get(f"/v1/webhooks/{webhook['id']}/deliveries?limit=500")
    return list(reversed(page.json()["items"]))


async def change(company: Company, statement: str, **values: object) -> None:
    async with company.owner.write(company.number) as session:
        await session.execute(text(statement), values)


async def be_due(company: Company) -> None:
    """Let time pass until everything that waits is due."""
    await change(company, "UPDATE deliveries SET due_at = now() WHERE status = 'waiting'")


def verify(receiver: Receiver, secret: str, number: int = -1) -> Json:
    """What a receiver reads with the library of Standard Webhooks."""
    return Webhook(secret).verify(receiver.bodies[number].decode(), receiver.headers[number])


async def test_what_happened_is_delivered_and_verified_by_the_receiver(company: Company) -> None:
    async with receiving() as receiver:
        webhook = await hook(company, receiver)
        await happen(company, "alr_1")
        await worker_of(company).deliver(company.number)
        await worker_of(company).deliver(company.number)
    (delivery,) = await deliveries(company, webhook)
    assert receiver.connections == 1
    assert receiver.headers[0]["webhook-id"] == delivery["id"]
    assert verify(receiver, webhook["secret"]) == {
        "type": "alert.raised",
        "timestamp": delivery["happened_at"],
        "data": {"alert": "alr_1"},
    }
    (attempt,) = delivery["attempts"]
    assert (delivery["status"], delivery["next_attempt_at"]) == ("delivered", None)
    assert (attempt["number"], attempt["status"], attempt["error"]) == (1, 204, None)
    well = (await company.get(f"/v1/webhooks/{webhook['id']}")).json()
    assert (well["failing_since"], well["disabled_at"]) == (None, None)


async def test_what_fails_is_tried_again_under_the_same_id_and_the_same_bytes(
    company: Company,
) -> None:
    async with receiving(answer(500), b"", answer(302, "Location: /"), OK) as receiver:
        webhook = await hook(company, receiver)
        await happen(company, "alr_1")
        for tried in range(4):
            # Before its time nothing is tried.
            for _ in range(2):
                await worker_of(company).deliver(company.number)
                assert receiver.connections == tried + 1
            state = (await company.get(f"/v1/webhooks/{webhook['id']}")).json()
            assert (state["failing_since"] is None) == (tried == 3)
            await be_due(company)
    assert receiver.connections == 4
    (delivery,) = await deliveries(company, webhook)
    assert delivery["status"] == "delivered"
    assert [(each["status"], each["error"]) for each in delivery["attempts"]] == [
        (500, None),
        (None, "the connection failed: Server disconnected without sending a response."),
        (302, None),
        (204, None),
    ]
    assert len(set(receiver.bodies)) == 1
    assert {each["webhook-id"] for each in receiver.headers} == {delivery["id"]}
    for number in range(4):
        verify(receiver, webhook["secret"], number)


async def test_a_replay_is_the_same_message_signed_anew_and_begins_the_tries_anew(
    company: Company,
) -> None:
    async with receiving(answer(500), OK) as receiver:
        webhook = await hook(company, receiver)
        await happen(company, "alr_1")
        await change(company, "UPDATE deliveries SET tries = :tries", tries=MOST_TRIES - 1)
        await worker_of(company).deliver(company.number)
        (given_up,) = await deliveries(company, webhook)
        assert (given_up["status"], given_up["next_attempt_at"]) == ("failed", None)
        await be_due(company)
        await worker_of(company).deliver(company.number)
        assert receiver.connections == 1
        path = f"/v1/deliveries/{given_up['id']}/replay"
        replayed = await company.post(path, None, Idempotency_Key="once")
        again = await company.post(path, None, Idempotency_Key="once")
        assert (replayed.json()["status"], again.content) == ("waiting", replayed.content)
        await worker_of(company).deliver(company.number)
        # What was delivered already may be sent again as well.
        assert (await company.post(path, None)).status_code == 200
        await worker_of(company).deliver(company.number)
    (delivery,) = await deliveries(company, webhook)
    assert (delivery["status"], len(delivery["attempts"])) == ("delivered", 3)
    assert len({each["webhook-id"] for each in receiver.headers}) == 1
    assert len(set(receiver.bodies)) == 1
    actions = [each["action"] for each in (await company.get("/v1/audit")).json()["items"]]
    assert actions.count("delivery.replay") == 2


async def test_scenario_x02_during_a_rotation_both_secrets_open_and_after_it_the_new_one(
    company: Company, figure: Figures
) -> None:
    async with receiving() as receiver:
        webhook = await hook(company, receiver)
        path = f"/v1/webhooks/{webhook['id']}/rotate"
        rotated = await ask(company, "POST", path, {"overlap_seconds": 3600})
        await happen(company, "alr_1")
        await worker_of(company).deliver(company.number)
        for secret in (webhook["secret"], rotated["secret"]):
            assert verify(receiver, secret)["data"] == {"alert": "alr_1"}
        await change(company, "UPDATE webhooks SET previous_until = now()")
        await happen(company, "alr_2")
        await worker_of(company).deliver(company.number)
        assert verify(receiver, rotated["secret"])["data"] == {"alert": "alr_2"}
        with pytest.raises(WebhookVerificationError):
            verify(receiver, webhook["secret"])
    figure("X02", Wrong.REFUSED, 0, tried=3, of="good messages")
    figure("X02", Wrong.ACCEPTED, 0, tried=1, of="messages under a secret that was rotated out")


async def test_who_fails_for_too_long_is_disabled_and_heard_again_when_enabled(
    company: Company,
) -> None:
    async with receiving(answer(500)) as receiver:
        webhook = await hook(company, receiver)
        path = f"/v1/webhooks/{webhook['id']}"
        await happen(company, "alr_1")
        long_ago = "UPDATE webhooks SET failing_since = now() - CAST(:age AS interval)"
        for age, disabled in ((PATIENCE - timedelta(minutes=1), False), (PATIENCE, True)):
            await change(company, long_ago, age=age)
            await worker_of(company).deliver(company.number)
            state = (await company.get(path)).json()
            assert (state["disabled_at"] is not None) == disabled
            await be_due(company)
        state = (await company.get(path)).json()
        assert "the last answer: HTTP status 500." in state["disabled_reason"]
        # From then on nothing is put down for it, nothing tried, nothing replayed.
        await happen(company, "alr_2")
        await worker_of(company).deliver(company.number)
        (delivery,) = await deliveries(company, webhook)
        assert receiver.connections == 2
        refused = await company.post(f"/v1/deliveries/{delivery['id']}/replay", None)
        assert (refused.status_code, refused.json()["code"]) == (409, "webhook_disabled")
        receiver.answers = [OK]
        enabled = await ask(company, "POST", f"{path}/enable", None)
        assert (enabled["disabled_at"], enabled["failing_since"]) == (None, None)
        assert await ask(company, "POST", f"{path}/enable", None) == enabled
        await worker_of(company).deliver(company.number)
        assert [each["status"] for each in await deliveries(company, webhook)] == ["delivered"]
    entries = (await company.get("/v1/audit")).json()["items"]
    told = [(each["actor"], each["action"]) for each in entries if "abl" in each["action"]]
    assert told[0] == ("system:webhooks", "webhook.disable")
    assert [action for _, action in told] == ["webhook.disable", "webhook.enable"]


async def test_who_is_gone_is_disabled_at_once(company: Company) -> None:
    async with receiving(answer(410)) as receiver:
        webhook = await hook(company, receiver)
        await happen(company, "alr_1", "alr_2")
        await worker_of(company).deliver(company.number)
    state = (await company.get(f"/v1/webhooks/{webhook['id']}")).json()
    assert "HTTP status 410" in state["disabled_reason"]


async def test_a_load_that_fails_whole_rests_and_keeps_nobody_else_waiting(
    company: Company,
) -> None:
    async with receiving(answer(503)) as dead, receiving() as alive:
        for receiver in (dead, alive):
            await hook(company, receiver)
        await happen(company, *(f"alr_{number:02}" for number in range(3 * AT_ONCE)))
        await worker_of(company).deliver(company.number)
    assert (dead.connections, alive.connections) == (AT_ONCE, 3 * AT_ONCE)


async def test_what_a_lost_worker_had_taken_up_is_sent_by_another(company: Company) -> None:
    async with receiving() as receiver:
        webhook = await hook(company, receiver)
        await happen(company, "alr_1")
        async with company.app.state.database.write(company.number) as session:
            (claimed,) = await claim_due(session, webhook["id"], most=9, lease=LEASE)
        # While it is leased nobody else takes it.
        await worker_of(company).deliver(company.number)
        assert (claimed.attempts, receiver.connections) == (1, 0)
        await be_due(company)
        await worker_of(company).deliver(company.number)
    (delivery,) = await deliveries(company, webhook)
    assert [each["number"] for each in delivery["attempts"]] == [2]


async def test_what_failed_is_tried_again_when_it_is_due_and_no_sweep_is_waited_for(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "FIRST_WAIT_SECONDS", 1)
    async with receiving(answer(503), OK) as receiver:
        webhook = await hook(company, receiver)
        worker = worker_of(company)
        async with running(worker):
            await happen(company, "alr_1")
            async with asyncio.timeout(webhooks.SWEEP_SECONDS / 2):
                while (await deliveries(company, webhook))[0]["status"] != "delivered":
                    await asyncio.sleep(0.05)
    (delivery,) = await deliveries(company, webhook)
    first, second = (datetime.fromisoformat(each["at"]) for each in delivery["attempts"])
    assert timedelta(seconds=1) <= second - first


async def test_a_company_that_is_deleted_while_it_is_swept_ends_no_sweep(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_sweeps(webhooks, monkeypatch)
    looked = asyncio.Queue[int]()

    async def gone(_: WebhookWorker, tenant: int, *, at: datetime) -> int:
        looked.put_nowait(tenant)
        raise NotFound("tenant")

    monkeypatch.setattr(WebhookWorker, "forget", gone)
    async with running(worker_of(company)), asyncio.timeout(10):
        seen = [await looked.get() for _ in range(2)]
        while seen.count(company.number) < 2:
            seen.append(await looked.get())


async def test_two_workers_share_what_is_due(company: Company) -> None:
    async with receiving() as receiver:
        await hook(company, receiver)
        await happen(company, *(f"alr_{number:02}" for number in range(3 * AT_ONCE)))
        both = [worker_of(company).deliver(company.number) for _ in range(2)]
        await asyncio.gather(*both)
    assert receiver.connections == 3 * AT_ONCE
    assert len({each["webhook-id"] for each in receiver.headers}) == 3 * AT_ONCE


async def test_a_secret_that_does_not_open_sends_nothing_and_another_does(
    company: Company,
) -> None:
    async with receiving() as receiver:
        webhook = await hook(company, receiver)
        await happen(company, "alr_1")
        company.app.state.keyring = Keyring(lambda: [b"another key of thirty-two bytes."])
        await worker_of(company).deliver(company.number)
        (delivery,) = await deliveries(company, webhook)
        assert receiver.connections == 0
        assert [each["error"] for each in delivery["attempts"]] == ["the secret cannot be opened"]
        rotated = await ask(company, "POST", f"/v1/webhooks/{webhook['id']}/rotate", {})
        await be_due(company)
        await worker_of(company).deliver(company.number)
        assert verify(receiver, rotated["secret"])["data"] == {"alert": "alr_1"}


async def test_deliveries_are_kept_for_their_time_and_then_forgotten(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "FORGOTTEN_AT_ONCE", 2)
    async with receiving() as receiver:
        webhook = await hook(company, receiver)
        await happen(company, "alr_1", "alr_2", "alr_3")
        worker = worker_of(company)
        await worker.deliver(company.number)
        now = datetime.now(UTC)
        day = timedelta(days=1)
        assert await worker.forget(company.number, at=now + 30 * day - timedelta(hours=1)) == 0
        assert len(await deliveries(company, webhook)) == 3
        assert await worker.forget(company.number, at=now + 30 * day) == 3
    async with company.owner.read(company.number) as session:
        assert await session.scalar(text("SELECT count(*) FROM delivery_attempts")) == 0


async def eventually(receiver: Receiver, wanted: Sequence[str]) -> None:
    async with asyncio.timeout(20):
        while [each.decode()[-9:-3] for each in receiver.bodies] != list(wanted):
            await asyncio.sleep(0.05)


async def settled(company: Company, webhook: Json) -> list[Json]:
    """The deliveries once what came of them is put down."""
    async with asyncio.timeout(20):
        while not all(each["attempts"] for each in await deliveries(company, webhook)):
            await asyncio.sleep(0.05)
    return await deliveries(company, webhook)


async def test_a_commit_wakes_the_worker(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    listens = only_hears(WebhookWorker, monkeypatch)
    async with receiving(OK) as receiver:
        webhook = await hook(company, receiver)
        async with running(worker_of(company)):
            await listens.wait()
            await happen(company, "alr_1")
            await eventually(receiver, ['"alr_1'])
            (delivery,) = await settled(company, webhook)
            await ask(company, "POST", f"/v1/deliveries/{delivery['id']}/replay", None)
            await eventually(receiver, ['"alr_1'] * 2)


async def test_a_sweep_finds_what_nobody_heard_of_and_what_is_due_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_sweeps(webhooks, monkeypatch)
    async with receiving(answer(500), OK) as receiver:
        webhook = await hook(company, receiver)
        async with running(worker_of(company)):
            await happen(company, "alr_1")
            await eventually(receiver, ['"alr_1'])
            await settled(company, webhook)
            await be_due(company)
            await eventually(receiver, ['"alr_1'] * 2)


async def test_a_card_is_told_of_once_until_somebody_was_told_and_never_before_its_commit(
    company: Company,
) -> None:
    database, card = company.app.state.database, [{"scorecard": "sc_1"}]
    async with receiving() as receiver:
        company.app.state.receivers = LOOPBACK
        wanted = {"url": receiver.url, "events": ["scorecard.changed"]}
        webhook = await ask(company, "POST", "/v1/webhooks", wanted)
        for _ in range(2):
            async with database.write(company.number) as session:
                await tell_webhooks(session, WebhookEvent.SCORECARD_CHANGED, card)
        async with database.write(company.number) as session:
            await tell_webhooks(session, WebhookEvent.SCORECARD_CHANGED, card)
            # Sent now, it would be read before this is committed, and nothing would be sent after.
            await worker_of(company).deliver(company.number)
            assert receiver.connections == 0
        await worker_of(company).deliver(company.number)
        assert receiver.connections == 1
        async with database.write(company.number) as session:
            await tell_webhooks(session, WebhookEvent.SCORECARD_CHANGED, card)
        async with database.write(company.number) as session:
            await claim_due(session, webhook["id"], most=9, lease=LEASE)
        # What is on its way may be read before this change: it is told of once more.
        async with database.write(company.number) as session:
            await tell_webhooks(session, WebhookEvent.SCORECARD_CHANGED, card)
        assert len(await deliveries(company, webhook)) == 3
