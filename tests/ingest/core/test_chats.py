"""What events of a chat come to: whose clock runs from when, at both sides of each opening."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.ingest.core.facts import check_row
from services.ingest.core.fields import Unfit
from services.schema.shapes.facts import Chat
from services.schema.words import FactKind

d = Decimal
DAYS = {"mon": 2, "fri": 6}
Events = tuple[tuple[str, ...], ...]


def moment(text: str) -> str:
    """`fri 14:10:30` of a week."""
    day, clock = text.split()
    return f"2026-11-{DAYS[day]:02}T{clock}{'' if clock.count(':') == 2 else ':00'}+08:00"


def event(at: str, kind: str, by: str | None = None, employee: str | None = None) -> dict[str, Any]:
    """A message of `agent:e-1`, of the buyer or the bot; or that the chat was closed and such."""
    return {"at": moment(at), "kind": kind, "by": by, "employee": employee}


def row(*events: dict[str, Any], start: str = "mon 09:00", **more: Any) -> dict[str, Any]:
    return {
        "source": "desk", "id": "c-1", "shop": "s-1", "started_at": moment(start),
        "modified_at": moment("fri 20:00"), "events": list(events), **more,
    }  # fmt: skip


def chat(*events: dict[str, Any], **more: Any) -> Chat:
    made = check_row(FactKind.CHATS, row(*events, **more))
    assert isinstance(made, Chat)
    return made


BOT = event("mon 09:00:02", "message", "bot")
BOT_CLOSES = event("mon 09:05", "closed", "bot")
REOPENED = event("fri 14:00", "reopened", "buyer")
ANSWER = event("fri 14:10", "message", "agent", "e-1")


def test_requirement_11_bot_time_and_time_before_reopening_are_nobody_s() -> None:
    """Created Monday 09:00, bot-closed 09:05, reopened Friday 14:00, answered 14:10: 600 s."""
    made = chat(BOT, BOT_CLOSES, REOPENED, ANSWER)
    assert (made.employee, made.answered) == ("e-1", True)
    assert [made.first_response_seconds, made.response_seconds, made.responses] == [
        d(600),
        d(600),
        1,
    ]
    assert made.started_at == datetime(2026, 11, 6, 6, tzinfo=UTC)
    # A buyer who writes after the close opens it too, whether the desk says so or not.
    writes = event("fri 14:00", "message", "buyer")
    assert chat(BOT, BOT_CLOSES, writes, ANSWER) == made
    # Before it was opened again nobody has answered, and what a bot closed waits for nobody.
    before = chat(BOT, BOT_CLOSES)
    assert (before.employee, before.answered, before.first_response_seconds) == (None, True, None)
    assert (before.started_at, before.responses) == (datetime(2026, 11, 2, 1, tzinfo=UTC), None)


def test_requirement_11_what_people_answered_before_is_part_of_no_later_session() -> None:
    early = (event("mon 09:01", "message", "agent", "e-2"), event("mon 09:30", "closed", "agent"))
    assert chat(*early).first_response_seconds == 60
    made = chat(*early, REOPENED, ANSWER)
    assert (made.employee, made.first_response_seconds, made.responses) == ("e-1", d(600), 1)


@pytest.mark.parametrize(
    ("events", "first", "whole", "responses"),
    [
        # A bot's message answers nothing and moves no clock; handing over begins it anew.
        (((("mon 09:00:30", "message", "bot")),), None, None, None),
        ((("mon 09:00:30", "message", "bot"), ("mon 09:02", "message", "agent", "e-1")),
         "120", "120", 1),
        ((("mon 09:01:30", "handed_over", "bot"), ("mon 09:02", "message", "agent", "e-1")),
         "30", "30", 1),
        # Each answer is timed from the first message that waits for it; one more answers none.
        ((("mon 09:00:10", "message", "buyer"), ("mon 09:00:40", "message", "agent", "e-1"),
          ("mon 09:00:50", "message", "agent", "e-1"), ("mon 09:01", "message", "buyer"),
          ("mon 09:01:05", "message", "buyer"), ("mon 09:01:10.5", "message", "agent", "e-1")),
         "40", "50.5", 2),
        # Handing over while nobody waits times nothing.
        ((("mon 09:00:40", "message", "agent", "e-1"), ("mon 09:05", "handed_over", "bot"),
          ("mon 09:06", "message", "buyer"), ("mon 09:06:10", "message", "agent", "e-1")),
         "40", "50", 2),
        # An answer in the very moment.
        ((("mon 09:00", "message", "agent", "e-1"),), "0", "0", 1),
        ((("mon 09:00:00.0001", "message", "agent", "e-1"),), "0.0001", "0.0001", 1),
        ((), None, None, None),
    ],
)  # fmt: skip
def test_the_clock_runs_from_who_waits_to_who_answers(
    events: Events, first: str | None, whole: str | None, responses: int | None
) -> None:
    made = chat(*(event(*each) for each in events))
    assert made.first_response_seconds == (None if first is None else d(first))
    assert made.response_seconds == (None if whole is None else d(whole))
    assert made.responses == responses
    assert made.answered is (first is not None)


@pytest.mark.parametrize(
    ("by", "answered"), [("bot", True), ("agent", False), ("buyer", False), (None, False)]
)
def test_only_what_a_bot_closed_counts_as_answered_without_a_person(
    by: str | None,
    answered: bool,  # noqa: FBT001
) -> None:
    assert chat(event("mon 09:05", "closed", by)).answered is answered


@pytest.mark.parametrize(
    ("stated", "code", "pointer"),
    [
        (row(event("mon 08:59:59", "message", "buyer")), "events_unordered", "/events/0/at"),
        (row(ANSWER, REOPENED), "events_unordered", "/events/1/at"),
        (
            row(ANSWER, event("fri 14:11", "message", "agent", "e-2")),
            "several_agents",
            "/events/1/employee",
        ),
        (row(event("mon 09:01", "message", "agent")), "missing", "/events/0/employee"),
        (row(event("mon 09:01", "message")), "missing", "/events/0/by"),
        (row({"kind": "closed"}), "missing", "/events/0/at"),
        (row({"at": moment("mon 09:01")}), "missing", "/events/0/kind"),
        (row(event("mon 09:01", "sneezed")), "word_unknown", "/events/0/kind"),
        (row(event("mon 09:01", "closed", "cat")), "word_unknown", "/events/0/by"),
        (row({**ANSWER, "text": "hello"}), "unknown_field", "/events/0/text"),
        (row({**ANSWER, "at": "2026-11-02T09:00:00.00001+08:00"}), "too_many_decimals", "/events"),
        *(
            (row(ANSWER) | {name: value}, "stated_twice", f"/{name}")
            for name, value in (
                ("employee", "e-1"), ("first_response_seconds", "1"), ("response_seconds", "1"),
                ("responses", 1), ("answered", True),
            )
        ),
    ],
)  # fmt: skip
def test_events_that_cannot_be_timed_are_refused(
    stated: dict[str, Any], code: str, pointer: str
) -> None:
    with pytest.raises(Unfit) as refusal:
        check_row(FactKind.CHATS, stated)
    assert (refusal.value.code, refusal.value.pointer) == (code, pointer)


def test_durations_that_are_stated_stay_as_they_are() -> None:
    stated = {name: value for name, value in row().items() if name != "events"}
    stated |= {"employee": "e-9", "first_response_seconds": "12.5", "responses": 2}
    made = check_row(FactKind.CHATS, stated)
    assert isinstance(made, Chat)
    assert (made.employee, made.first_response_seconds) == ("e-9", d("12.5"))
    assert (made.response_seconds, made.responses, made.answered) == (None, 2, True)
