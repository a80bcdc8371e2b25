"""Schemes are adopted from templates, edited as drafts, and published as versions for ever."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from services.api.core.documents import fingerprint_of, to_bytes
from services.api.core.publishing import check_publishable
from services.api.core.schemes import parse_scheme, scheme_to_wire
from services.api.flows.indicators import known_indicators
from services.api.store.audit import append_entry
from services.api.store.schemes import (
    insert_draft,
    insert_published,
    lock_draft,
    read_published,
    update_draft,
)
from services.api.templates import templates
from services.schema.db import WriteSession
from services.schema.errors import Conflict, Fault, NotFound
from services.schema.shapes.drafts import Draft, Published
from services.schema.shapes.people import Caller
from services.schema.shapes.schemes import Scheme

Permit = Callable[[Draft | None], None]
"""Sees the draft that is there, once nobody else can change it, and may refuse."""


@lru_cache(maxsize=256)
def scheme_of(document: str) -> Scheme:
    """The scheme of a document that was kept; versions never change, so they are read once."""
    return parse_scheme(json.loads(document))


async def adopt_template(
    session: WriteSession, code: str, template: str, *, caller: Caller, at: datetime
) -> Draft:
    """Begin a scheme as a copy of a template."""
    stated = templates().get(template)
    if stated is None:
        fault = Fault("/template", "unknown_template", f"There is no template {template}.")
        raise Conflict(fault.code, fault.detail, [fault])
    scheme = stated["scheme"]
    assert isinstance(scheme, Mapping)
    draft = Draft(code, _text_of(parse_scheme(scheme)), 1, None, template, at)
    if not await insert_draft(session, draft):
        fault = Fault("/code", "scheme_exists", f"There is a scheme {code} already.")
        raise Conflict(fault.code, fault.detail, [fault])
    await _note(session, "scheme.create", draft, caller=caller, at=at)
    return draft


async def put_draft(
    session: WriteSession,
    code: str,
    document: Mapping[str, object],
    *,
    permit: Permit,
    caller: Caller,
    at: datetime,
) -> Draft:
    """Begin a scheme, or replace its draft whole; versions that were published stay as they are."""
    text = _text_of(parse_scheme(document))
    before = await lock_draft(session, code)
    permit(before)
    if before is not None and before.document == text:
        return before
    if before is None:
        draft = Draft(code, text, 1, None, None, at)
        if not await insert_draft(session, draft):
            raise Conflict("scheme_exists", f"The scheme {code} was just made by somebody else.")
    else:
        draft = replace(before, document=text, version=before.version + 1, changed_at=at)
        await update_draft(session, draft)
    verb = "create" if before is None else "update"
    await _note(session, f"scheme.{verb}", draft, caller=caller, at=at)
    return draft


async def publish_draft(
    session: WriteSession, code: str, *, caller: Caller, at: datetime
) -> Published:
    """Make the draft a version that may score people; an unchanged draft is its version already."""
    draft = await lock_draft(session, code)
    if draft is None:
        raise NotFound("scheme")
    scheme = scheme_of(draft.document)
    check_publishable(scheme, await known_indicators(session))
    fingerprint = fingerprint_of(scheme_to_wire(scheme))
    if draft.latest is not None:
        latest = await read_published(session, code, draft.latest)
        assert latest is not None, "a version that was published stays"
        if latest.fingerprint == fingerprint:
            return latest
    version = (draft.latest or 0) + 1
    published = Published(code, version, draft.document, fingerprint, caller.name, at)
    await insert_published(session, published)
    await update_draft(session, replace(draft, latest=version))
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="scheme.publish",
        subject=f"scheme:{code}",
        detail={"version": version, "fingerprint": fingerprint},
    )
    return published


def _text_of(scheme: Scheme) -> str:
    return to_bytes(scheme_to_wire(scheme)).decode()


async def _note(
    session: WriteSession, action: str, draft: Draft, *, caller: Caller, at: datetime
) -> None:
    detail = {"draft": draft.version, "document": json.loads(draft.document)}
    await append_entry(
        session, at=at, caller=caller, action=action, subject=f"scheme:{draft.code}", detail=detail
    )
