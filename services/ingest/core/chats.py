"""What the events of a chat come to: who of the people answered, after how long, and how often.

A session begins where the chat was last opened (`docs/decisions/0016-chats-are-timed-from-their-
events.md`). Credit goes to the person who sent the answer; what a bot did, and how long it took,
counts for nobody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from services.ingest.core.fields import Fields, Unfit, code, instant, read_object, readers_of, word
from services.schema.money import AMOUNT_PLACES, places_of


class ChatEventKind(StrEnum):
    """What happens in a chat."""

    MESSAGE = "message"
    HANDED_OVER = "handed_over"
    """By a bot, to people."""
    CLOSED = "closed"
    REOPENED = "reopened"


class ChatParty(StrEnum):
    """Who acts in a chat."""

    BUYER = "buyer"
    AGENT = "agent"
    BOT = "bot"


MOST_EVENTS = 5000
EVENT_FIELDS: Fields = {
    "at": instant(),
    "kind": word(ChatEventKind),
    "by": word(ChatParty),
    "employee": code(),
}
EVENT_REQUIRED = ("at", "kind")
READ_OFF = ("employee", "first_response_seconds", "response_seconds", "responses", "answered")
"""What the events say, and a row that has them may not say besides."""
_READERS = readers_of(EVENT_FIELDS)


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """Something that happened in a chat."""

    at: datetime
    kind: ChatEventKind
    by: ChatParty | None = None
    employee: str | None = None


def read_event(value: object) -> ChatEvent:
    """An event as it is posted; a message says whose it is, and people's say who sent it."""
    values = read_object(value, _READERS)
    for name in EVENT_REQUIRED:
        if name not in values:
            raise Unfit("missing", "This field is required here.", f"/{name}")
    event = ChatEvent(**values)
    if event.kind is not ChatEventKind.MESSAGE:
        return event
    if event.by is None:
        raise Unfit("missing", "A message says who sent it.", "/by")
    if event.by is ChatParty.AGENT and event.employee is None:
        raise Unfit("missing", "A person who answers is named.", "/employee")
    return event


def with_events(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a chat whose row may state its events: these become the fields they speak of.

    `started_at` becomes that of the last opening, so the session counts on its day.
    """
    if "events" not in values:
        return values
    for name in READ_OFF:
        if name in values:
            raise Unfit("stated_twice", "The events say this already.", f"/{name}")
    own = {name: value for name, value in values.items() if name != "events"}
    session = _Session(own["started_at"])
    before = own["started_at"]
    for at, event in enumerate(values["events"]):
        if event.at < before:
            detail = "Events are in the order of time, from the start of the chat on."
            raise Unfit("events_unordered", detail, f"/events/{at}/at")
        before = event.at
        session = session.opened(event) or session
        if not session.take(event):
            detail = "A session is of one person: post one for each who answered."
            raise Unfit("several_agents", detail, f"/events/{at}/employee")
    return own | session.told()


class _Session:
    """What has been answered since the chat was last opened."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.waits_since: datetime | None = start
        """Opening a chat asks for an answer; null while nobody waits for one."""
        self.agent: str | None = None
        self.waits: list[timedelta] = []
        self.closed_by: ChatParty | None = None
        self.is_closed = False

    def opened(self, event: ChatEvent) -> "_Session | None":
        """A session of its own where this event begins one: said so, or a buyer writes again."""
        writes = event.kind is ChatEventKind.MESSAGE and event.by is ChatParty.BUYER
        begins = event.kind is ChatEventKind.REOPENED or (self.is_closed and writes)
        return _Session(event.at) if begins else None

    def take(self, event: ChatEvent) -> bool:
        """Note an event; false where another person than before answers."""
        match event.kind, event.by:
            case ChatEventKind.CLOSED, by:
                self.is_closed, self.closed_by = True, by
            case ChatEventKind.HANDED_OVER, _:
                # Until then the buyer was with the bot: the time is nobody's.
                if self.waits_since is not None:
                    self.waits_since = event.at
            case ChatEventKind.MESSAGE, ChatParty.BUYER:
                self.waits_since = self.waits_since or event.at
            case ChatEventKind.MESSAGE, ChatParty.AGENT:
                return self._answer(event)
            case _:
                pass
        return True

    def told(self) -> dict[str, Any]:
        """The fields of a chat that events speak of; without an answer there are no seconds."""
        seconds = [_seconds(wait) for wait in self.waits]
        by_bot = self.is_closed and self.closed_by is ChatParty.BOT
        found: dict[str, Any] = {
            "started_at": self.start,
            # What a bot closed waits for nobody.
            "answered": self.agent is not None or by_bot,
        }
        if self.agent is not None:
            found["employee"] = self.agent
        if seconds:
            found["first_response_seconds"] = seconds[0]
            found["response_seconds"] = sum(seconds, Decimal(0))
            found["responses"] = len(seconds)
        return found

    def _answer(self, event: ChatEvent) -> bool:
        if self.agent not in {None, event.employee}:
            return False
        self.agent = event.employee
        if self.waits_since is not None:
            self.waits.append(event.at - self.waits_since)
            self.waits_since = None
        return True


def _seconds(wait: timedelta) -> Decimal:
    exact = Decimal(wait // timedelta(microseconds=1)).scaleb(-6)
    if places_of(exact) > AMOUNT_PLACES:
        detail = f"Seconds have at most {AMOUNT_PLACES} decimals: state times to a tenth of a ms."
        raise Unfit("too_many_decimals", detail, "/events")
    return exact
