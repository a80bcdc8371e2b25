"""REST of calibration: how grades are distributed in a cycle, and moved by hand."""

import json
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from services.api.auth import view_of
from services.api.flows.calibrations import move_grades, read_distribution
from services.api.rest.scorecard_documents import Instant
from services.api.rest.scorecards import CardId
from services.api.rest.settled import new_settled_router
from services.api.store.cycles import read_cycles
from services.door.etags import PRIVATE, check_match, etag_of, tagged
from services.door.routes import Asking, Reading, Writing
from services.door.wire import Code, DecimalText, LongText, Model
from services.schema.errors import NotFound
from services.schema.shapes.calibrations import WantedMove
from services.schema.shapes.people import parse_subject
from services.schema.words import CycleStatus, GradeOrigin, RankedBy, Unforced

router = new_settled_router()

MOST_MOVES = 1000

GradeName = Annotated[str, Field(min_length=1, max_length=64)]


class StatedGradeMove(Model):
    """The grade that a card is to have, and why."""

    scorecard: CardId
    grade: GradeName
    reason: LongText


class StatedCalibration(Model):
    """Moves of grades: all of them are made, or none."""

    moves: Annotated[list[StatedGradeMove], Field(min_length=1, max_length=MOST_MOVES)]


class GradeQuotaDocument(Model):
    """How many people a grade may have, and has."""

    grade: str
    share: DecimalText
    quota: int | None
    """Null where nothing is forced."""
    before: int
    """By bands and gates."""
    after: int
    """By the distribution, and by what people moved."""


class BoundaryTieDocument(Model):
    """Equal people for whom a grade had too few places: they have it all the same."""

    grade: str
    places: int
    """Those that were left for them."""
    scorecards: list[str]


class MoveProposalDocument(Model):
    """A move of the smallest set that meets the quotas; of bands, where a score would lie."""

    scorecard: str
    subject: str
    from_: Annotated[str, Field(alias="from")]
    to: str


class BandQuotaDocument(Model):
    """How many people's scores may lie in a band, and do."""

    from_: Annotated[DecimalText, Field(alias="from")]
    share: DecimalText
    quota: int
    people: int


class BandsDocument(Model):
    """The scores of a population, held against the quotas of their bands."""

    people: int
    within: bool
    """Whether no better bands hold more people than their quotas."""
    bands: list[BandQuotaDocument]
    proposals: list[MoveProposalDocument]


class RankedPopulationDocument(Model):
    """People who are ranked together."""

    code: str
    """The cycle's, or `unit:` and the unit under which small ones are pooled, or `company`."""
    units: list[Code] | None
    """The units whose people are in it; null where the whole cycle is."""
    people: int
    forced: bool
    reason: Unforced | None
    """Why nothing is forced."""
    grades: list[GradeQuotaDocument]
    meets: bool
    """Whether the grades that the cards show meet the quotas."""
    ties: list[BoundaryTieDocument]
    proposals: list[MoveProposalDocument]
    """The smallest set of moves after which they would."""
    bands: BandsDocument | None


class TieBreakerDocument(Model):
    """What tells people of equal totals apart, as it was when data closed."""

    indicator: Code
    value: DecimalText | None


class RankedPersonDocument(Model):
    """Where somebody stands, and what grade comes of it."""

    scorecard: str
    subject: str
    population: str
    place: int
    """By total and tie-breakers, in the population."""
    total: DecimalText
    score: DecimalText | None
    """What the score bands are about."""
    tie_breakers: list[TieBreakerDocument]
    band: str | None
    limit: str | None
    """No better than this, say gates."""
    before: str | None
    after: str | None
    origin: GradeOrigin
    """What gives the grade `after`."""


class GradeMoveDocument(Model):
    """A grade that people moved."""

    number: int
    scorecard: str
    from_: Annotated[str, Field(alias="from")]
    to: str
    reason: str
    author: str
    author_name: str | None
    """The person's, or of a key of nobody's its role; null where the reader is not told."""
    moved_at: Instant


class DistributionOfCycleDocument(Model):
    """The distribution of grades in a cycle."""

    cycle: Code
    revision: int
    status: CycleStatus
    round: int | None
    """The cycle's move that began the calibration; null where this shows what one would give."""
    by: RankedBy
    minimum_population: int
    section: Code | None
    """Whose score the bands are about; null is the total's."""
    populations: list[RankedPopulationDocument]
    people: list[RankedPersonDocument]
    moves: list[GradeMoveDocument]


@router.get("/v1/cycles/{code}/distribution", response_model=DistributionOfCycleDocument)
async def get_distribution(
    request: Request, code: Code, caller: Asking, session: Reading
) -> Response:
    """How grades are distributed, before and after, with ties and the moves that would help.

    Before calibration it shows what one would give now.
    """
    view = await view_of(session, caller, datetime.now(UTC))
    cycle = (await read_cycles(session, [code], view.subjects())).get(code)
    if cycle is None:
        raise NotFound("cycle")
    document = await read_distribution(session, cycle)
    if document is None:
        raise NotFound("distribution")
    session.shown |= {
        each["scorecard"]: parse_subject(each["subject"]) for each in json.loads(document)["people"]
    }
    return tagged(request, document)


@router.post("/v1/cycles/{code}/calibration", response_model=DistributionOfCycleDocument)
async def post_calibration(
    request: Request, code: Code, stated: StatedCalibration, caller: Asking, session: Writing
) -> Response:
    """Move grades in calibration, each with its reason: all of them, or none.

    Afterwards every population must meet its quotas; a refusal proposes the smallest set of further
    moves. An `If-Match` with the tag of the distribution refuses what somebody else has changed.
    """
    document = await move_grades(
        session,
        code,
        [WantedMove(move.scorecard, move.grade, move.reason) for move in stated.moves],
        permit=lambda current: check_match(request, etag_of(current)),
        caller=caller,
        at=datetime.now(UTC),
    )
    headers = {"ETag": etag_of(document), **PRIVATE}
    return Response(document, headers=headers, media_type="application/json")
