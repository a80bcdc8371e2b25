"""Interviews as they are kept: the form is appended whole each time somebody writes or signs."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import insert, select

from services.api.store.abouts import about_columns, about_of, among_abouts
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.interviews import Agreed, Answers, InterviewEntry
from services.schema.shapes.ratings import About
from services.schema.tables.interviews import interviews
from services.schema.words import InterviewPart


async def insert_interview(session: WriteSession, about: About, entry: InterviewEntry) -> None:
    """Append the form as somebody leaves it."""
    await session.execute(
        insert(interviews).values(
            **about_columns(session, about),
            number=entry.number,
            part=entry.part,
            person=entry.person,
            author=entry.author,
            answers=_answers_to_row(entry.answers),
            signed=entry.signed,
            stated_at=entry.stated_at,
        )
    )


async def read_interviews(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, tuple[InterviewEntry, ...]]:
    """All that was written of these cards, first to last; each of them is there."""
    order = ("cycle", "subject_kind", "subject", "number")
    statement = (
        select(interviews)
        .where(interviews.c.tenant_id == session.tenant, among_abouts(interviews, abouts))
        .order_by(*(interviews.c[name] for name in order))
    )
    found: dict[About, list[InterviewEntry]] = defaultdict(list)
    for row in await session.execute(statement):
        found[about_of(row)].append(
            InterviewEntry(
                number=row.number,
                part=InterviewPart(row.part),
                person=row.person,
                author=row.author,
                answers=_answers_from_row(row.answers),
                signed=row.signed,
                stated_at=row.stated_at,
            )
        )
    return {about: tuple(found.get(about, ())) for about in abouts}


def _answers_to_row(answers: Answers) -> dict[str, object]:
    return {
        "texts": dict(answers.texts),
        "measures": [_agreed_to_row(each) for each in answers.measures],
        "goals": [_agreed_to_row(each) for each in answers.goals],
    }


def _agreed_to_row(agreed: Agreed) -> dict[str, str | None]:
    due = None if agreed.due_on is None else agreed.due_on.isoformat()
    return {"what": agreed.what, "due_on": due}


def _answers_from_row(kept: Mapping[str, Any]) -> Answers:
    return Answers(kept["texts"], _agreed(kept["measures"]), _agreed(kept["goals"]))


def _agreed(kept: Sequence[Mapping[str, Any]]) -> tuple[Agreed, ...]:
    return tuple(
        Agreed(each["what"], None if each["due_on"] is None else date.fromisoformat(each["due_on"]))
        for each in kept
    )
