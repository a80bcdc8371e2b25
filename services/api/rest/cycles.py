"""REST of cycles: set up, read, and moved from stage to stage."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field, model_validator

from services.api.auth import view_of
from services.api.core.cycles import closes_at, pending_after_close
from services.api.flows.cycles import create_cycle, move_cycle
from services.api.rest.documents import bytes_of
from services.api.rest.settled import new_settled_router
from services.api.rest.stored import answer_page
from services.api.store.cycles import (
    Tally,
    read_cycles,
    read_moves,
    read_page_of_cycles,
    read_tallies,
)
from services.api.store.people import read_tenant
from services.door.authors import Names, read_author_names
from services.door.etags import PRIVATE, etag_of, tagged
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor
from services.door.routes import Asking, Reading, Writing
from services.door.wire import Code, Instant, LongText, Model, PeriodCode, Timezone
from services.schema.days import Calendar, Period, parse_period
from services.schema.db import ReadSession
from services.schema.errors import Fault, Invalid, NotFound
from services.schema.shapes.cycles import Cycle, Move, Population
from services.schema.shapes.people import Tenant
from services.schema.shapes.views import View
from services.schema.words import CycleStatus

router = new_settled_router()

MOST_PEOPLE = 10_000
MOST_UNITS = 1_000

People = Annotated[list[Code], Field(min_length=1, max_length=MOST_PEOPLE)]
Units = Annotated[list[Code], Field(min_length=1, max_length=MOST_UNITS)]


class StatedPopulation(Model):
    """Everyone who meets all that is named for a day of the period, or the units themselves."""

    position: Code | None = None
    unit: Code | None = None
    employees: People | None = None
    units: Units | None = None

    @model_validator(mode="after")
    def check(self) -> "StatedPopulation":
        of_people = [self.position, self.unit, self.employees]
        if (self.units is None) == all(part is None for part in of_people):
            raise ValueError("name position, unit or employees, or else units alone")
        if self.units is not None and any(part is not None for part in of_people):
            raise ValueError("units stand alone: they are appraised themselves")
        return self

    def to_shape(self) -> Population:
        return Population(
            position=self.position,
            unit=self.unit,
            employees=_once(self.employees),
            units=_once(self.units),
        )


class StatedCycle(Model):
    """A cycle to be set up as a draft."""

    code: Code
    scheme: Code
    period: PeriodCode
    population: StatedPopulation
    timezone: Timezone | None = None
    grace_days: Annotated[int, Field(ge=0, le=366)] = 0

    def to_shape(self, tenant: Tenant) -> Cycle:
        return Cycle(
            code=self.code,
            scheme=self.scheme,
            scheme_version=None,
            period=self._period(tenant.calendar),
            population=self.population.to_shape(),
            timezone=self.timezone or tenant.timezone,
            grace_days=self.grace_days,
            status=CycleStatus.DRAFT,
            revision=1,
            version=1,
            closed_at=None,
            published_at=None,
        )

    def _period(self, calendar: Calendar) -> Period:
        try:
            return parse_period(self.period, calendar)
        except Invalid as error:
            fault = Fault("/period", error.code, error.detail)
            raise Invalid(error.code, error.detail, [fault]) from None


class StatedMove(Model):
    """The stage to move to; going back to open needs a reason."""

    to: Annotated[CycleStatus, Field(strict=False)]
    reason: LongText | None = None


class PopulationDocument(Model):
    """Whom a cycle appraises."""

    position: Code | None
    unit: Code | None
    employees: list[Code] | None
    units: list[Code] | None


class MoveDocument(Model):
    """One step of a cycle."""

    number: int
    from_: Annotated[CycleStatus, Field(alias="from")]
    to: CycleStatus
    reason: str | None
    author: str
    author_name: str | None
    """The person's, or of a key of nobody's its role; null where the reader is not told."""
    moved_at: Instant


class CycleDocument(Model):
    """A cycle as it stands; who sees a part of the company is told of that part alone."""

    code: Code
    scheme: Code
    scheme_version: int | None
    """Null in draft: the newest version in force is pinned when the cycle opens."""
    period: PeriodCode
    from_: Annotated[str, Field(alias="from")]
    to: str
    """Exclusive, as every end."""
    population: PopulationDocument | None
    """Null for leads and employees."""
    timezone: str
    grace_days: int
    closes_at: Instant
    """The first instant at which data may be closed."""
    status: CycleStatus
    revision: int
    scorecards: int
    incomplete: int
    """Scorecards without a total: they stand against approval."""
    pending_after_close: int
    """Scorecards for which facts came after data were closed; they are not in them."""
    closed_at: Instant | None
    published_at: Instant | None
    moves: list[MoveDocument] | None
    """Null for leads and employees."""


@router.post("/v1/cycles", status_code=201, response_model=CycleDocument)
async def post_cycle(stated: StatedCycle, caller: Asking, session: Writing) -> Response:
    """Set a cycle up as a draft."""
    at = datetime.now(UTC)
    cycle = stated.to_shape(await read_tenant(session))
    await create_cycle(session, cycle, caller=caller, at=at)
    view = await view_of(session, caller, at)
    (document,) = await _documents(session, [cycle], view)
    headers = {"Location": f"/v1/cycles/{cycle.code}", "ETag": etag_of(document), **PRIVATE}
    return Response(document, 201, headers=headers, media_type="application/json")


@router.get("/v1/cycles", response_model=Listed[CycleDocument])
async def list_cycles(
    request: Request, caller: Asking, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Response:
    """All cycles, or for leads and employees those that hold a scorecard they may see."""
    view = await view_of(session, caller, datetime.now(UTC))
    last = decode_cursor(request, cursor, 1)
    cycles, total = await read_page_of_cycles(
        session, view.subjects(), after=last[0] if last else None, limit=limit + 1
    )
    documents = await _documents(session, cycles, view)
    return answer_page(
        request,
        list(zip(cycles, documents, strict=True)),
        limit=limit,
        total=total,
        key=lambda row: [row[0].code],
        document=lambda row: row[1],
    )


@router.get("/v1/cycles/{code}", response_model=CycleDocument)
async def get_cycle(request: Request, code: Code, caller: Asking, session: Reading) -> Response:
    view = await view_of(session, caller, datetime.now(UTC))
    cycle = (await read_cycles(session, [code], view.subjects())).get(code)
    if cycle is None:
        raise NotFound("cycle")
    (document,) = await _documents(session, [cycle], view)
    return tagged(request, document)


@router.post("/v1/cycles/{code}/moves", response_model=CycleDocument)
async def post_move(code: Code, stated: StatedMove, caller: Asking, session: Writing) -> Response:
    """Move a cycle one step on, or back to open with a reason.

    A published one is opened again only once late facts that would change a card are decided: a new
    revision follows the facts, but for what was rejected.

    Opening pins the newest version of the scheme that is in force on the period's first day, and
    makes the scorecards; closing computes them for the last time; publishing appends results and
    payroll entries, all of them or none. Where the scheme asks for no approval beside the
    subject's, whoever moves a cycle out of review approves its cards, and another publishes it.
    """
    at = datetime.now(UTC)
    cycle = await move_cycle(session, code, stated.to, reason=stated.reason, caller=caller, at=at)
    view = await view_of(session, caller, at)
    (document,) = await _documents(session, [cycle], view)
    headers = {"ETag": etag_of(document), **PRIVATE}
    return Response(document, headers=headers, media_type="application/json")


async def _documents(session: ReadSession, cycles: Sequence[Cycle], view: View) -> list[bytes]:
    codes = [cycle.code for cycle in cycles]
    tallies = await read_tallies(session, codes, view.subjects())
    moves = await read_moves(session, codes) if view.whole else {}
    authors = (move.author for own in moves.values() for move in own)
    names = await read_author_names(session, authors, view)
    shown = {code: [_move(move, names) for move in own] for code, own in moves.items()}
    return [
        bytes_of(_document(cycle, tallies[cycle.code], shown.get(cycle.code), view))
        for cycle in cycles
    ]


def _document(
    cycle: Cycle, tally: Tally, moves: list[MoveDocument] | None, view: View
) -> CycleDocument:
    population, period = cycle.population, cycle.period
    stated = PopulationDocument(
        position=population.position,
        unit=population.unit,
        employees=None if population.employees is None else list(population.employees),
        units=None if population.units is None else list(population.units),
    )
    return CycleDocument.model_validate(
        {
            "code": cycle.code,
            "scheme": cycle.scheme,
            "scheme_version": cycle.scheme_version,
            "period": period.code,
            "from": period.start.isoformat(),
            "to": period.end.isoformat(),
            "population": stated if view.whole else None,
            "timezone": cycle.timezone,
            "grace_days": cycle.grace_days,
            "closes_at": closes_at(cycle),
            "status": cycle.status,
            "revision": cycle.revision,
            "scorecards": tally.scorecards,
            "incomplete": tally.incomplete,
            "pending_after_close": pending_after_close(cycle.status, tally.pending),
            "closed_at": cycle.closed_at,
            "published_at": cycle.published_at,
            "moves": moves,
        }
    )


def _move(move: Move, names: Names) -> MoveDocument:
    return MoveDocument.model_validate(
        {
            "number": move.number,
            "from": move.from_status,
            "to": move.to_status,
            "reason": move.reason,
            "author": move.author,
            "author_name": names.get(move.author),
            "moved_at": move.moved_at,
        }
    )


def _once(codes: Collection[str] | None) -> tuple[str, ...] | None:
    return None if codes is None else tuple(dict.fromkeys(codes))
