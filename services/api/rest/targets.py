"""REST of targets: set, and listed with their history."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Body, Query, Request
from pydantic import ConfigDict, Field

from services.api.auth import view_of
from services.api.flows.targets import put_targets
from services.api.rest.batches import MOST_ROWS
from services.api.store.targets import TargetFilter, read_page_of_targets
from services.door.authors import Names, read_author_names
from services.door.pages import LIMIT, LIMIT_MAXIMUM, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import (
    DecimalText,
    FormulaCode,
    Instant,
    LongText,
    Model,
    PeriodCode,
    SubjectText,
    ValueIn,
)
from services.schema.money import plain
from services.schema.shapes.people import Subject, parse_subject
from services.schema.shapes.targets import StatedTarget, Target
from services.schema.shapes.views import View
from services.schema.words import TargetLevel

router = new_router()

Level = Annotated[TargetLevel, Field(strict=False)]


class TargetIn(Model):
    """What an indicator should reach, for a subject and a period."""

    subject: SubjectText
    indicator: FormulaCode
    period: PeriodCode
    level: Level = TargetLevel.BUDGET
    value: ValueIn
    reason: LongText | None = None
    """Why; to be said when the value is another than the one in force."""

    def to_shape(self) -> StatedTarget:
        return StatedTarget(
            subject=parse_subject(self.subject),
            indicator=self.indicator,
            period=self.period,
            level=self.level,
            value=self.value,
            reason=self.reason,
        )


class TargetQuery(Model):
    """Which targets to list."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    subject: SubjectText | None = None
    indicator: FormulaCode | None = None
    period: PeriodCode | None = None
    history: bool = False
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class TargetDocument(Model):
    """A target as it was set; the highest revision holds for its whole period."""

    subject: SubjectText
    indicator: FormulaCode
    period: PeriodCode
    level: TargetLevel
    value: DecimalText
    reason: LongText | None
    author: str
    author_name: str | None
    """The person's, or of a key of nobody's its role; null where the reader is not told."""
    set_at: Instant
    revision: int

    @classmethod
    def from_shape(cls, target: Target, names: Names) -> "TargetDocument":
        return cls(
            subject=str(target.subject),
            indicator=target.indicator,
            period=target.period,
            level=target.level,
            value=plain(target.value),
            reason=target.reason,
            author=target.author,
            author_name=names.get(target.author),
            set_at=target.set_at,
            revision=target.revision,
        )


@router.get("/v1/targets")
async def list_targets(
    request: Request, query: Annotated[TargetQuery, Query()], caller: Asking, session: Reading
) -> Listed[TargetDocument]:
    """The targets in force that the caller sees, with `history` also those that they replaced."""
    view = await view_of(session, caller, datetime.now(UTC))
    wanted = TargetFilter(
        _visible(view, query.subject), query.indicator, query.period, history=query.history
    )
    last = decode_cursor(request, query.cursor, 6)
    after = (last[0], last[1], last[2], last[3], last[4], int(last[5])) if last else None
    targets, total = await read_page_of_targets(session, wanted, after=after, limit=query.limit + 1)
    names = await read_author_names(session, (target.author for target in targets), view)
    return page_of(
        request,
        targets,
        limit=query.limit,
        total=total,
        key=_key_of,
        document=lambda target: TargetDocument.from_shape(target, names),
    )


@router.put("/v1/targets")
async def put_stated_targets(
    stated: Annotated[list[TargetIn], Body(min_length=1, max_length=MOST_ROWS)],
    caller: Asking,
    session: Writing,
) -> Listed[TargetDocument]:
    """Set these targets, all or none; a change is a new revision and says why."""
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    targets = await put_targets(
        session,
        [target.to_shape() for target in stated],
        view=view,
        caller=caller,
        at=at,
    )
    names = await read_author_names(session, (target.author for target in targets), view)
    items = [TargetDocument.from_shape(target, names) for target in targets]
    return Listed(items=items, total=len(items), next_cursor=None)


def _visible(view: View, subject: str | None) -> frozenset[Subject] | None:
    """The subjects a list shows; one that is out of view looks like one without targets."""
    if subject is None:
        return view.subjects()
    wanted = parse_subject(subject)
    return frozenset({wanted}) if view.sees(wanted) else frozenset()


def _key_of(target: Target) -> list[str]:
    subject = target.subject
    key = [subject.kind.value, subject.code, target.indicator, target.period, target.level.value]
    return [*key, str(target.revision)]
