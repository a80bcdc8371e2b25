"""Calibrations as they are kept: what ranks equals, rounds as they began, and moves of grades."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Text, bindparam, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.calibrations import CalibrationMove
from services.schema.tables.cycles import calibration_moves, calibration_rounds
from services.schema.tables.scorecards import scorecards


async def write_tie_breakers(
    session: WriteSession, values: Mapping[str, Sequence[Decimal | None]]
) -> None:
    """Keep beside each card what it will be ranked by after its total."""
    of_card = scorecards.c.id == bindparam("card_id", type_=Text)
    await session.execute_many(
        update(scorecards)
        .where(scorecards.c.tenant_id == session.tenant, of_card)
        .values(tie_breakers=bindparam("frozen", type_=JSONB)),
        [
            {
                "card_id": card,
                "frozen": [None if each is None else format(each, "f") for each in values[card]],
            }
            for card in sorted(values)
        ],
    )


async def read_tie_breakers(
    session: ReadSession, cycle: str, revision: int
) -> dict[str, tuple[Decimal | None, ...]]:
    """What the cards of a cycle's revision are ranked by after their totals, by card."""
    statement = select(scorecards.c.id, scorecards.c.tie_breakers).where(
        scorecards.c.tenant_id == session.tenant,
        scorecards.c.cycle == cycle,
        scorecards.c.revision == revision,
        scorecards.c.tie_breakers.is_not(None),
    )
    return {row.id: _tie_breakers(row) for row in await session.execute(statement)}


async def read_tie_breakers_of(
    session: ReadSession, cards: Collection[str]
) -> dict[str, tuple[Decimal | None, ...]]:
    """The same of single cards, of any revision."""
    statement = select(scorecards.c.id, scorecards.c.tie_breakers).where(
        scorecards.c.tenant_id == session.tenant,
        among(scorecards.c.id, cards),
        scorecards.c.tie_breakers.is_not(None),
    )
    return {row.id: _tie_breakers(row) for row in await session.execute(statement)}


async def insert_round(
    session: WriteSession, cycle: str, number: int, document: bytes, *, at: datetime
) -> None:
    """Append what a round began with; its number is that of the cycle's move."""
    await session.execute(
        insert(calibration_rounds).values(
            tenant_id=session.tenant, cycle=cycle, round=number, document=document, began_at=at
        )
    )


async def read_round_document(session: ReadSession, cycle: str, number: int) -> bytes | None:
    """What a round began with."""
    document: bytes | None = await session.scalar(
        select(calibration_rounds.c.document).where(
            calibration_rounds.c.tenant_id == session.tenant,
            calibration_rounds.c.cycle == cycle,
            calibration_rounds.c.round == number,
        )
    )
    return document


async def insert_calibration_moves(
    session: WriteSession, cycle: str, number: int, moves: Sequence[CalibrationMove]
) -> None:
    """Append moves of grades to a round."""
    rows = [
        {
            "tenant_id": session.tenant,
            "cycle": cycle,
            "round": number,
            "number": move.number,
            "scorecard": move.scorecard,
            "from_grade": move.from_grade,
            "to_grade": move.to_grade,
            "reason": move.reason,
            "author": move.author,
            "moved_at": move.moved_at,
        }
        for move in moves
    ]
    await session.execute_many(insert(calibration_moves), rows)


async def read_calibration_moves(
    session: ReadSession, cycle: str, number: int
) -> tuple[CalibrationMove, ...]:
    """The moves of a round, first to last."""
    statement = (
        select(calibration_moves)
        .where(
            calibration_moves.c.tenant_id == session.tenant,
            calibration_moves.c.cycle == cycle,
            calibration_moves.c.round == number,
        )
        .order_by(calibration_moves.c.number)
    )
    return tuple(_move_from_row(row) for row in await session.execute(statement))


def _tie_breakers(row: Row[Any]) -> tuple[Decimal | None, ...]:
    return tuple(None if each is None else Decimal(each) for each in row.tie_breakers)


def _move_from_row(row: Row[Any]) -> CalibrationMove:
    return CalibrationMove(
        number=row.number,
        scorecard=row.scorecard,
        from_grade=row.from_grade,
        to_grade=row.to_grade,
        reason=row.reason,
        author=row.author,
        moved_at=row.moved_at,
    )
