"""REST of revoked tokens: those that an identity provider has issued a subject until now."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request
from pydantic import StringConstraints

from services.api.flows.revocations import revoke_tokens
from services.api.store.revocations import read_page_of_revocations
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.tokens import SUBJECT
from services.door.wire import Instant, LongText, Model
from services.schema.shapes.people import TokenRevocation

router = new_router()


class WantedRevocation(Model):
    """Whose tokens open nothing any more, by their claim `sub`, and why."""

    subject: Annotated[str, StringConstraints(pattern=f"^{SUBJECT}$")]
    reason: LongText


class RevocationDocument(Model):
    """Tokens of a subject that were issued before an instant are over."""

    subject: str
    issued_before: Instant
    reason: str
    author: str

    @classmethod
    def from_shape(cls, revocation: TokenRevocation) -> "RevocationDocument":
        return cls(
            subject=revocation.subject,
            issued_before=revocation.issued_before,
            reason=revocation.reason,
            author=revocation.author,
        )


@router.post("/v1/tokens/revocations", status_code=201)
async def post_revocation(
    wanted: WantedRevocation, caller: Asking, session: Writing
) -> RevocationDocument:
    """End the tokens that a subject has; they open nothing from the commit on.

    One that is issued later opens again, once the leeway for the issuer's clock is over.
    """
    revocation = await revoke_tokens(
        session, wanted.subject, reason=wanted.reason, caller=caller, at=datetime.now(UTC)
    )
    return RevocationDocument.from_shape(revocation)


@router.get("/v1/tokens/revocations")
async def list_revocations(
    request: Request, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[RevocationDocument]:
    """The newest revocation of each subject, by subject."""
    last = decode_cursor(request, cursor, 1)
    found, total = await read_page_of_revocations(
        session, after=last[0] if last else None, limit=limit + 1
    )
    return page_of(
        request,
        found,
        limit=limit,
        total=total,
        key=lambda revocation: [revocation.subject],
        document=RevocationDocument.from_shape,
    )
