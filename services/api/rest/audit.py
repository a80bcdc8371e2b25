"""REST of the audit."""

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field

from services.api.core.audit import digest_text
from services.api.flows.audit import verify_audit
from services.api.rest.audit_details import AuditDetail, told_by_action
from services.api.rest.scheme_documents import Documented
from services.api.store.audit import count_entries, read_entries
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Reading, new_router
from services.door.wire import Model
from services.schema.deeds import DETAILS
from services.schema.shapes.audit import Entry

router = new_router()


class AuditEntry(Model):
    """What was done; `digest` is sha256(previous || the other fields as canonical JSON)."""

    number: int
    at: datetime
    actor: str
    action: Annotated[str, Field(json_schema_extra={"enum": sorted(DETAILS)})]
    object: str
    detail: Annotated[dict[str, Any], Documented(AuditDetail), Field(description=told_by_action())]
    previous: str
    digest: str

    @classmethod
    def from_shape(cls, entry: Entry) -> "AuditEntry":
        return cls(
            number=entry.number,
            at=entry.at,
            actor=entry.actor,
            action=entry.deed.action,
            object=entry.deed.subject,
            detail=json.loads(entry.deed.detail),
            previous=digest_text(entry.previous),
            digest=digest_text(entry.digest),
        )


class AuditVerification(Model):
    """Whether the chain is what was written; `head` kept elsewhere shows one made anew."""

    entries: int
    intact: bool
    first_bad: int | None
    head: str


@router.get("/v1/audit")
async def list_audit(
    request: Request, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[AuditEntry]:
    """Everything that was done, oldest first."""
    last = decode_cursor(request, cursor, 1)
    entries = await read_entries(session, after=int(last[0]) if last else 0, limit=limit + 1)
    return page_of(
        request,
        entries,
        limit=limit,
        total=await count_entries(session),
        key=lambda entry: [str(entry.number)],
        document=AuditEntry.from_shape,
    )


@router.get("/v1/audit/verify")
async def get_verification(session: Reading) -> AuditVerification:
    """Compute every digest anew and name the first entry that is not what was written."""
    found = await verify_audit(session)
    return AuditVerification(
        entries=found.entries,
        intact=found.intact,
        first_bad=found.first_bad,
        head=digest_text(found.head),
    )
