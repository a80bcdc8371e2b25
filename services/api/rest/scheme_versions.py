"""REST of document control: who wrote, reviewed and approved each version of a scheme."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime

from fastapi import Request, Response

from services.api.auth import view_of
from services.api.core.views import writes_schemes
from services.api.flows.schemes import review_draft
from services.api.rest.documents import bytes_of
from services.api.store.schemes import read_draft, read_page_of_versions, read_reviews
from services.door.authors import Names, read_author_names
from services.door.etags import tagged
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Instant, LongText, Model
from services.schema.db import ReadSession
from services.schema.errors import NotFound
from services.schema.shapes.drafts import DraftReview, Published
from services.schema.shapes.people import Caller

router = new_router()


class StatedReview(Model):
    """What a reviewer says of a draft, if anything."""

    comment: LongText | None = None


class DraftReviewDocument(Model):
    """Somebody other than its writer has looked at a draft as it stood."""

    reviewer: str
    reviewer_name: str | None
    """The person's, or of a key of nobody's its role; null where the reader is not told."""
    comment: str | None
    reviewed_at: Instant

    @classmethod
    def from_shape(cls, review: DraftReview, names: Names) -> "DraftReviewDocument":
        return cls(
            reviewer=review.reviewer,
            reviewer_name=names.get(review.reviewer),
            comment=review.comment,
            reviewed_at=review.reviewed_at,
        )


class SchemeVersionDocument(Model):
    """A version's number, from when it is in force, and who wrote, reviewed and approved it."""

    code: Code
    version: int
    fingerprint: str
    in_force_from: date | None
    """The first day of periods that it may score; null: any."""
    written_by: str | None
    """Null, as when, of versions from before it was kept."""
    written_by_name: str | None
    written_at: Instant | None
    reviews: list[DraftReviewDocument]
    """Of the draft as it was published, oldest first."""
    approved_by: str
    approved_by_name: str | None
    approved_at: Instant

    @classmethod
    def from_shape(
        cls, published: Published, reviews: Sequence[DraftReview], names: Names
    ) -> "SchemeVersionDocument":
        writer = published.writer
        return cls(
            code=published.code,
            version=published.version,
            fingerprint=published.fingerprint,
            in_force_from=published.in_force_from,
            written_by=writer,
            written_by_name=None if writer is None else names.get(writer),
            written_at=published.written_at,
            reviews=[DraftReviewDocument.from_shape(each, names) for each in reviews],
            approved_by=published.author,
            approved_by_name=names.get(published.author),
            approved_at=published.published_at,
        )


@router.post("/v1/schemes/{code}/reviews", status_code=201)
async def post_draft_review(
    code: Code, stated: StatedReview, caller: Asking, session: Writing
) -> DraftReviewDocument:
    """Put down that one has looked at the draft as it stands; who wrote it does not review it."""
    at = datetime.now(UTC)
    review = await review_draft(session, code, stated.comment, caller=caller, at=at)
    names = await read_author_names(session, [review.reviewer], await view_of(session, caller, at))
    return DraftReviewDocument.from_shape(review, names)


@router.get("/v1/schemes/{code}/reviews", response_model=Listed[DraftReviewDocument])
async def list_draft_reviews(
    request: Request, code: Code, caller: Asking, session: Reading
) -> Response:
    """Who has looked at the draft as it stands, oldest first; of versions they are listed there."""
    draft = await read_draft(session, code)
    if draft is None:
        raise NotFound("scheme")
    reviews = (await read_reviews(session, code, [draft.version]))[draft.version]
    view = await view_of(session, caller, datetime.now(UTC))
    names = await read_author_names(session, (each.reviewer for each in reviews), view)
    items = [DraftReviewDocument.from_shape(each, names) for each in reviews]
    page = Listed[DraftReviewDocument](items=items, total=len(items), next_cursor=None)
    return tagged(request, bytes_of(page))


@router.get("/v1/schemes/{code}/versions")
async def list_scheme_versions(
    request: Request,
    code: Code,
    caller: Asking,
    session: Reading,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Listed[SchemeVersionDocument]:
    """A scheme's published versions, newest first: the control of the document."""
    last = decode_cursor(request, cursor, 1)
    before = int(last[0]) if last else None
    versions, total = await read_page_of_versions(session, code, before=before, limit=limit + 1)
    if total == 0:
        await _check_seen(session, code, caller)
    drafts = {each.draft for each in versions if each.draft is not None}
    reviews = await read_reviews(session, code, drafts)
    view = await view_of(session, caller, datetime.now(UTC))
    names = await read_author_names(session, _people(versions, reviews.values()), view)
    return page_of(
        request,
        versions,
        limit=limit,
        total=total,
        key=lambda each: [str(each.version)],
        document=lambda each: SchemeVersionDocument.from_shape(
            each, reviews.get(each.draft or 0, []), names
        ),
    )


async def _check_seen(session: ReadSession, code: str, caller: Caller) -> None:
    """What was never published is there for who may write it alone."""
    if not writes_schemes(caller.role) or await read_draft(session, code) is None:
        raise NotFound("scheme")


def _people(
    versions: Iterable[Published], reviews: Iterable[Iterable[DraftReview]]
) -> Iterator[str | None]:
    for version in versions:
        yield version.writer
        yield version.author
    for each in reviews:
        yield from (review.reviewer for review in each)
