"""What is told, at the commit, of scorecards that were written: to who waits for it, if anybody."""

from collections.abc import Iterable

from sqlalchemy import Text, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from services.schema.db import WriteSession
from services.schema.shapes.live import CardChange
from services.schema.shapes.scorecards import Scorecard

CHANNEL = "kaohe_scorecards"


async def announce_cards(session: WriteSession, cards: Iterable[Scorecard]) -> None:
    """Tell of each card; PostgreSQL keeps it back until the commit, and forgets it without one."""
    told = [str(CardChange(session.tenant, card.cycle, card.subject, card.id)) for card in cards]
    if told:
        texts = func.unnest(literal(told, ARRAY(Text))).column_valued("told")
        await session.execute(select(func.pg_notify(CHANNEL, texts)))
