"""REST of revoked tokens: those that an identity provider has issued a subject until now."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request
from pydantic import StringConstraints

from services.api.auth import view_of
from services.api.flows.revocations import revoke_tokens
from services.api.store.revocations import read_page_of_revocations
from services.door.authors import Names, read_author_names
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
    author_name: str | None
    """The person's, or of a key of nobody's its role; null where the reader is not told."""

    @classmethod
    def from_shape(cls, revocation: TokenRevocation, names: Names) -> "RevocationDocument":
        return cls(
            subject=revocation.subject,
            issued_before=revocation.issued_before,
            reason=revocation.reason,
            author=revocation.author,
            author_name=names.get(revocation.author),
        )


@router.post("/v1/tokens/revocations", status_code=201)
async def post_revocation(
    wanted: WantedRevocation, caller: Asking, session: Writing
) -> RevocationDocument:
    """End the tokens that a subject has; they open nothing from the commit on.

    One that is issued later opens again, once the leeway for the issuer's clock is over.
    """
    at = datetime.now(UTC)
    revocation = await revoke_tokens(
        session, wanted.subject, reason=wanted.reason, caller=caller, at=at
    )
    view = await view_of(session, caller, at)
    names = await read_author_names(session, [revocation.author], view)
    return RevocationDocument.from_shape(revocation, names)


@router.get("/v1/tokens/revocations")
async def list_revocations(
    request: Request, caller: Asking, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[RevocationDocument]:
    """The newest revocation of each subject, by subject."""
    last = decode_cursor(request, cursor, 1)
    found, total = await read_page_of_revocations(
        session, after=last[0] if last else None, limit=limit + 1
    )
    view = await view_of(session, caller, datetime.now(UTC))
    names = await read_author_names(session, (each.author for each in found), view)
    return page_of(
        request,
        found,
        limit=limit,
        total=total,
        key=lambda revocation: [revocation.subject],
        document=lambda each: RevocationDocument.from_shape(each, names),
    )
