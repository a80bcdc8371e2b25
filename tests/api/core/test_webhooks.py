"""What a webhook is sent, as the library of Standard Webhooks checks it; when it is tried again."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from standardwebhooks import Webhook, WebhookVerificationError

from services.api.core.webhooks import (
    JITTER_PERCENT,
    LONGEST_WAIT_SECONDS,
    MOST_TRIES,
    PATIENCE,
    Told,
    next_wait,
    payload_of,
    reason_to_disable,
    secret_text,
    signed_headers,
)
from services.schema.shapes.webhooks import WebhookEvent
from tests.figures import Figures, Wrong

AT = datetime(2026, 11, 30, 22, 0, 0, 250_000, tzinfo=UTC)
SECRET, OLD = bytes(range(32)), bytes(range(1, 33))
TOLD = '{"scorecard":"sc_1","subject":"employee:张"}'
BODY = payload_of(WebhookEvent.SCORECARD_CHANGED, AT, TOLD)
FAILED = Told(500, None, 3)


def test_the_body_tells_what_happened_when_and_to_whom_by_ids() -> None:
    assert BODY.decode() == (
        '{"type":"scorecard.changed","timestamp":"2026-11-30T22:00:00.250000Z",'
        '"data":{"scorecard":"sc_1","subject":"employee:张"}}'
    )


def test_a_signature_is_one_that_anyone_can_compute() -> None:
    # printf 'dlv_1.1796076000.{}' | openssl dgst -sha256 -hmac <32 letters a> -binary | base64
    headers = signed_headers("dlv_1", b"{}", [b"a" * 32], at=datetime(2026, 11, 30, 22, tzinfo=UTC))
    assert headers == {
        "webhook-id": "dlv_1",
        "webhook-timestamp": "1796076000",
        "webhook-signature": "v1,Urs3ob/tKLz+/vpo0/qF7ADhleYpuVe8hPkZlqh/mNo=",
    }


def test_a_secret_is_written_as_receivers_expect_it() -> None:
    assert base64.b64decode(secret_text(SECRET).removeprefix("whsec_")) == SECRET


def is_taken(
    body: bytes, headers: dict[str, str], secret: bytes = SECRET, *, after: timedelta = timedelta(0)
) -> bool:
    """Whether a receiver that knows a secret takes it for ours, so long after it was signed."""
    with time_machine.travel(AT + after, tick=False):
        try:
            Webhook(secret_text(secret)).verify(body.decode(), headers)
        except WebhookVerificationError:
            return False
    return True


def test_scenario_x02_what_is_replayed_changed_or_signed_otherwise_is_refused(
    figure: Figures,
) -> None:
    headers = signed_headers("dlv_1", BODY, [SECRET], at=AT)
    both = signed_headers("dlv_1", BODY, [SECRET, OLD], at=AT)
    good = [
        is_taken(BODY, headers),
        is_taken(BODY, headers, after=timedelta(minutes=4, seconds=59)),
        is_taken(BODY, headers, after=timedelta(minutes=-4, seconds=-59)),
        is_taken(BODY, both),
        is_taken(BODY, both, OLD),  # a receiver that has not been given the new one yet
    ]
    spaced = json.dumps(json.loads(BODY), ensure_ascii=False).encode()
    bad = [
        is_taken(BODY, headers, after=timedelta(minutes=6)),
        is_taken(BODY, headers, after=timedelta(minutes=-6)),
        is_taken(spaced, headers),
        is_taken(json.dumps(json.loads(BODY), separators=(",", ":")).encode(), headers),
        is_taken(BODY, headers, OLD),  # rotated, and the overlap is over
        is_taken(BODY, {**headers, "webhook-id": "dlv_2"}),
        is_taken(BODY, {**headers, "webhook-timestamp": str(int(AT.timestamp()) + 1)}),
        is_taken(BODY, {**headers, "webhook-signature": ""}),
        *(
            is_taken(bytes([*BODY[:place], byte ^ 1, *BODY[place + 1 :]]), headers)
            for place, byte in enumerate(BODY)
            if byte < 0x80  # another byte of a letter of several is no text at all
        ),
    ]
    of = "messages replayed, changed, or signed otherwise"
    figure("X02", Wrong.ACCEPTED, sum(bad), tried=len(bad), of=of)
    figure("X02", Wrong.REFUSED, len(good) - sum(good), tried=len(good), of="good messages")
    assert len(bad) > 100


@pytest.mark.parametrize(
    ("tries", "seconds"),
    [(1, 5), (2, 20), (3, 80), (4, 320), (5, 1280), (6, 5120), (7, 20_480), (8, 21_600),
     (9, 21_600), (MOST_TRIES - 1, 21_600)],
)  # fmt: skip
def test_waits_grow_to_a_limit_and_chance_adds_a_quarter_at_most(tries: int, seconds: int) -> None:
    assert next_wait(tries, FAILED, jitter_percent=0) == timedelta(seconds=seconds)
    most = next_wait(tries, FAILED, jitter_percent=JITTER_PERCENT)
    assert most == timedelta(seconds=seconds) * 5 / 4


def test_the_last_try_comes_after_patience_has_ended() -> None:
    waits = [next_wait(tries, FAILED, jitter_percent=0) for tries in range(1, MOST_TRIES)]
    assert sum((each for each in waits if each), timedelta(0)) > PATIENCE
    assert next_wait(MOST_TRIES, FAILED, jitter_percent=0) is None


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (Told(200, None, 1), None),
        (Told(299, None, 1), None),
        (Told(300, None, 1), 5),
        (Told(302, None, 1), 5),
        (Told(400, None, 1), 5),
        (Told(None, "the connection failed", 1), 5),
        (Told(503, None, 1, retry_after_seconds=4), 5),
        (Told(503, None, 1, retry_after_seconds=60), 60),
        (Told(429, None, 1, retry_after_seconds=9_999_999), LONGEST_WAIT_SECONDS),
    ],
)
def test_what_is_not_taken_is_tried_again_when_the_receiver_says(
    told: Told, seconds: int | None
) -> None:
    wait = None if seconds is None else timedelta(seconds=seconds)
    assert next_wait(1, told, jitter_percent=0) == wait


@pytest.mark.parametrize(
    ("told", "failing", "reason"),
    [
        (FAILED, PATIENCE - timedelta(microseconds=1), None),
        (
            FAILED,
            PATIENCE,
            "No delivery succeeded since 2026-11-27T22:00:00Z; the last answer: HTTP status 500.",
        ),
        (
            Told(None, "torn", 1),
            PATIENCE,
            "No delivery succeeded since 2026-11-27T22:00:00Z; the last answer: torn.",
        ),
        (
            Told(410, None, 1),
            timedelta(0),
            "The receiver says that it is gone for good (HTTP status 410).",
        ),
    ],
)
def test_a_webhook_is_given_up_for_a_reason(
    told: Told, failing: timedelta, reason: str | None
) -> None:
    assert reason_to_disable(told, AT - failing, at=AT) == reason
