"""What a webhook is sent and how it is signed, as Standard Webhooks has it; when it is tried again.

Nothing but ids is told: who wants to know more asks for it with a key, and sees what the key sees.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.api.core.documents import instant_text, to_bytes
from services.schema.shapes.webhooks import WebhookEvent

SECRET_BYTES = 32
FIRST_WAIT_SECONDS = 5
GROWTH = 4
LONGEST_WAIT_SECONDS = 6 * 3600
MOST_TRIES = 20
"""With these waits the last is more than three days after the first."""
PATIENCE = timedelta(days=3)
"""A webhook that fails, and never succeeds, for so long is disabled."""
JITTER_PERCENT = 25
"""The most that chance adds to a wait: what failed together is not tried together."""
GONE = 410


@dataclass(frozen=True, slots=True)
class Told:
    """What a receiver answered, or why there is no answer."""

    status: int | None
    error: str | None
    milliseconds: int
    retry_after_seconds: int | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has taken it: any 2xx, and nothing else."""
        return self.status is not None and 200 <= self.status < 300

    def __str__(self) -> str:
        return f"HTTP status {self.status}" if self.error is None else self.error


def payload_of(event: WebhookEvent, happened_at: datetime, data: str) -> bytes:
    """The body, the same at every attempt: what happened, when, and to what by its ids."""
    document = {
        "type": event,
        "timestamp": instant_text(happened_at),
        "data": json.loads(data),
    }
    return to_bytes(document)


def signed_headers(
    delivery: str, body: bytes, secrets: Sequence[bytes], *, at: datetime
) -> dict[str, str]:
    """What Standard Webhooks puts beside the body; during a rotation both secrets sign."""
    moment = int(at.timestamp())
    signed = f"{delivery}.{moment}.".encode() + body
    return {
        "webhook-id": delivery,
        "webhook-timestamp": str(moment),
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def secret_text(secret: bytes) -> str:
    """A secret as its receiver is given it."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def next_wait(tries: int, told: Told, *, jitter_percent: int) -> timedelta | None:
    """How long a delivery rests after so many tries; null when that was the last.

    A receiver that says for how long is left alone so long, up to the longest wait.
    """
    if told.is_taken or tries >= MOST_TRIES:
        return None
    # 4 to the seventh is beyond the longest wait already: the power stays small.
    grown = FIRST_WAIT_SECONDS * GROWTH ** min(tries - 1, 7)
    wait = max(min(grown, LONGEST_WAIT_SECONDS), told.retry_after_seconds or 0)
    seconds = min(wait, LONGEST_WAIT_SECONDS)
    return timedelta(seconds=seconds, milliseconds=seconds * 10 * jitter_percent)


def reason_to_disable(told: Told, failing_since: datetime, *, at: datetime) -> str | None:
    """Why a webhook is not to be called any more; null while there is hope."""
    if told.status == GONE:
        return "The receiver says that it is gone for good (HTTP status 410)."
    if at - failing_since < PATIENCE:
        return None
    since = instant_text(failing_since.replace(microsecond=0))
    return f"No delivery succeeded since {since}; the last answer: {told}."


def _signature(secret: bytes, signed: bytes) -> str:
    digest = hmac.digest(secret, signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"
