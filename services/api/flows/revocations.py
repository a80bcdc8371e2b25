"""Tokens of an identity provider are revoked: all that a subject was issued until now."""

from datetime import datetime

from services.api.store.audit import append_entry
from services.api.store.revocations import save_revocation
from services.schema.db import WriteSession
from services.schema.shapes.people import Caller, TokenRevocation


async def revoke_tokens(
    session: WriteSession, subject: str, *, reason: str, caller: Caller, at: datetime
) -> TokenRevocation:
    """End what a subject was issued so far; whoever signs in anew is let in."""
    revocation = TokenRevocation(subject, at, reason, caller.name)
    await save_revocation(session, revocation)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="token.revoke",
        subject=f"token:{subject}",
        detail={"issued_before": at.isoformat(), "reason": reason},
    )
    return revocation
