"""What is kept about a subject in a cycle: how rows say of which, and how many are asked for."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, Text, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from services.schema.db import ReadSession
from services.schema.shapes.people import Subject
from services.schema.shapes.ratings import About
from services.schema.words import SubjectKind


def among_abouts(table: Table, abouts: Collection[About]) -> ColumnElement[bool]:
    """Whether a row is about one of any number of cards: they travel as three arrays."""
    listed = sorted(set(abouts))
    asked = (
        func.unnest(
            literal([cycle for cycle, _ in listed], ARRAY(Text)),
            literal([subject.kind.value for _, subject in listed], ARRAY(Text)),
            literal([subject.code for _, subject in listed], ARRAY(Text)),
        )
        .table_valued("cycle", "kind", "code")
        .render_derived()
    )
    key = tuple_(table.c.cycle, table.c.subject_kind, table.c.subject)
    return key.in_(select(asked.c.cycle, asked.c.kind, asked.c.code))


def among_subjects(
    table: Table,
    subjects: Collection[Subject],
    *,
    kind: str = "subject_kind",
    code: str = "subject",
) -> ColumnElement[bool]:
    """Whether a row is about one of any number of subjects: they travel as two arrays."""
    listed = sorted(subjects)
    asked = (
        func.unnest(
            literal([subject.kind.value for subject in listed], ARRAY(Text)),
            literal([subject.code for subject in listed], ARRAY(Text)),
        )
        .table_valued("kind", "code")
        .render_derived()
    )
    key = tuple_(table.c[kind], table.c[code])
    return key.in_(select(asked.c.kind, asked.c.code))


def about_columns(session: ReadSession, about: About) -> dict[str, object]:
    """The columns of a row that is about a card."""
    cycle, subject = about
    return {
        "tenant_id": session.tenant,
        "cycle": cycle,
        "subject_kind": subject.kind,
        "subject": subject.code,
    }


def about_of(row: Row[Any]) -> About:
    """Which card a row is about."""
    return row.cycle, Subject(SubjectKind(row.subject_kind), row.subject)
