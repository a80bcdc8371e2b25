"""Schemes are adopted from templates, edited as drafts, and published as versions for ever."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache

from services.api.core.documents import fingerprint_of, to_bytes
from services.api.core.publishing import check_publishable
from services.api.core.reviews import person_of
from services.api.core.schemes import parse_scheme, scheme_to_wire
from services.api.flows.indicators import known_indicators
from services.api.store.audit import append_entry
from services.api.store.schemes import (
    insert_draft,
    insert_published,
    insert_review,
    lock_draft,
    read_published,
    read_reviews,
    update_draft,
)
from services.api.templates import templates
from services.schema.db import WriteSession
from services.schema.errors import Conflict, Fault, NotFound
from services.schema.shapes.drafts import Draft, DraftReview, Published
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
    draft = Draft(code, _text_of(parse_scheme(scheme)), 1, None, template, at, person_of(caller))
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
        draft = Draft(code, text, 1, None, None, at, person_of(caller))
        if not await insert_draft(session, draft):
            raise Conflict("scheme_exists", f"The scheme {code} was just made by somebody else.")
    else:
        draft = replace(
            before,
            document=text,
            version=before.version + 1,
            changed_at=at,
            writer=person_of(caller),
        )
        await update_draft(session, draft)
    verb = "create" if before is None else "update"
    await _note(session, f"scheme.{verb}", draft, caller=caller, at=at)
    return draft


async def review_draft(
    session: WriteSession, code: str, comment: str | None, *, caller: Caller, at: datetime
) -> DraftReview:
    """Put down that somebody has looked at the draft as it stands; an edit makes it another one.

    Raises:
        Conflict: the caller wrote it, or has reviewed it already.
    """
    draft = await lock_draft(session, code)
    if draft is None:
        raise NotFound("scheme")
    reviewer = person_of(caller)
    if reviewer == draft.writer:
        raise Conflict("own_draft", f"You wrote the draft of {code}: somebody else reviews it.")
    before = (await read_reviews(session, code, [draft.version]))[draft.version]
    if any(each.reviewer == reviewer for each in before):
        raise Conflict("already_reviewed", f"You have reviewed the draft of {code} as it stands.")
    review = DraftReview(code, draft.version, reviewer, comment, at)
    await insert_review(session, review)
    detail = {"draft": draft.version, "comment": comment}
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="scheme.review",
        subject=f"scheme:{code}",
        detail=detail,
    )
    return review


async def publish_draft(
    session: WriteSession,
    code: str,
    *,
    in_force_from: date | None,
    caller: Caller,
    at: datetime,
) -> Published:
    """Make the draft a version that may score people; an unchanged draft is its version already.

    Raises:
        Conflict: what the rules refuse; or the newest version says the same from another day on.
    """
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
            _check_same_day(latest, in_force_from)
            return latest
    version = (draft.latest or 0) + 1
    published = Published(
        code,
        version,
        draft.document,
        fingerprint,
        author=caller.name,
        published_at=at,
        draft=draft.version,
        writer=draft.writer,
        written_at=draft.changed_at,
        in_force_from=in_force_from,
    )
    await insert_published(session, published)
    await update_draft(session, replace(draft, latest=version))
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="scheme.publish",
        subject=f"scheme:{code}",
        detail={"version": version, "fingerprint": fingerprint}
        | ({} if in_force_from is None else {"in_force_from": in_force_from.isoformat()}),
    )
    return published


def _check_same_day(latest: Published, in_force_from: date | None) -> None:
    """A version is in force from its own day for ever: another day wants another version."""
    if in_force_from in {None, latest.in_force_from}:
        return
    since = "any day" if latest.in_force_from is None else latest.in_force_from.isoformat()
    detail = (
        f"Version {latest.version} of {latest.code} says the same, and is in force from {since}."
    )
    raise Conflict(
        "already_published", detail, [Fault("/in_force_from", "already_published", detail)]
    )


def _text_of(scheme: Scheme) -> str:
    return to_bytes(scheme_to_wire(scheme)).decode()


async def _note(
    session: WriteSession, action: str, draft: Draft, *, caller: Caller, at: datetime
) -> None:
    detail = {"draft": draft.version, "document": json.loads(draft.document)}
    await append_entry(
        session, at=at, caller=caller, action=action, subject=f"scheme:{draft.code}", detail=detail
    )
