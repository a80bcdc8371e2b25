"""Numbers handed out without a gap; whoever takes one holds the counter until the commit."""

from services.door.audit import take_numbers
from services.schema.db import WriteSession

__all__ = ["lock_noun", "take_numbers"]


async def lock_noun(session: WriteSession, noun: str) -> None:
    """One writer of a noun at a time: what two read as sound, both could bend.

    The order of locks is the nouns' own before the audit's head, which is taken last.
    """
    await take_numbers(session, noun, 1)
