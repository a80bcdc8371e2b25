"""Which card of a subject stands before another, and which lies in a cycle."""

from collections.abc import Collection, Sequence

from sqlalchemy import Text, and_, any_, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from services.schema.db import ReadSession
from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import Scorecard
from services.schema.tables.cycles import cycles
from services.schema.tables.scorecards import scorecards
from services.schema.words import SubjectKind

_OF_CYCLE = and_(
    cycles.c.tenant_id == scorecards.c.tenant_id,
    cycles.c.code == scorecards.c.cycle,
    cycles.c.revision == scorecards.c.revision,
)
"""A card of the current revision of its cycle."""


async def find_earlier_cards(session: ReadSession, cards: Sequence[Scorecard]) -> dict[str, str]:
    """By the id of each card that of its subject's last one before: of the latest cycle that was
    over when the card's own began, of several the one by the same scheme.
    """
    own = scorecards.alias("own")
    its = cycles.alias("its")
    statement = (
        select(own.c.id, scorecards.c.id.label("earlier"))
        .join(its, and_(its.c.tenant_id == own.c.tenant_id, its.c.code == own.c.cycle))
        .join(
            scorecards,
            and_(
                scorecards.c.tenant_id == own.c.tenant_id,
                scorecards.c.subject_kind == own.c.subject_kind,
                scorecards.c.subject == own.c.subject,
            ),
        )
        .join(cycles, _OF_CYCLE)
        .where(
            own.c.tenant_id == session.tenant,
            own.c.id == any_(literal([card.id for card in cards], ARRAY(Text))),
            cycles.c.ends_on <= its.c.starts_on,
        )
        .ext(distinct_on(own.c.id))
        .order_by(
            own.c.id,
            cycles.c.ends_on.desc(),
            (cycles.c.scheme == its.c.scheme).desc(),
            cycles.c.starts_on.desc(),
            cycles.c.code,
        )
    )
    return {row.id: row.earlier for row in await session.execute(statement)}


async def find_cards_in_cycles(
    session: ReadSession, wanted: Collection[tuple[Subject, str]]
) -> dict[tuple[Subject, str], str]:
    """The ids of the cards that subjects have in cycles now."""
    listed = sorted(wanted)
    columns = (
        [subject.kind.value for subject, _ in listed],
        [subject.code for subject, _ in listed],
        [cycle for _, cycle in listed],
    )
    asked = (
        func.unnest(*(literal(column, ARRAY(Text)) for column in columns))
        .table_valued("kind", "code", "cycle")
        .render_derived()
    )
    key = tuple_(scorecards.c.subject_kind, scorecards.c.subject, scorecards.c.cycle)
    statement = (
        select(
            scorecards.c.id,
            scorecards.c.subject_kind,
            scorecards.c.subject,
            scorecards.c.cycle,
        )
        .join(cycles, _OF_CYCLE)
        .where(
            scorecards.c.tenant_id == session.tenant,
            key.in_(select(asked.c.kind, asked.c.code, asked.c.cycle)),
        )
    )
    return {
        (Subject(SubjectKind(row.subject_kind), row.subject), row.cycle): row.id
        for row in await session.execute(statement)
    }
