"""REST of back-tests: a draft tried on the past, as a job that is followed."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Response
from pydantic import Field

from services.api.flows.back_tests import ask_back_test
from services.api.rest.cycles import StatedPopulation
from services.api.rest.jobs import BackTestJob, back_test_document
from services.door.routes import Asking, Writing, new_router
from services.door.wire import Code, Model, PeriodCode

router = new_router()

MOST_PERIODS = 24


class StatedBackTest(Model):
    """Periods that are over; without a population that of the scheme's cycles is tried."""

    periods: Annotated[list[PeriodCode], Field(min_length=1, max_length=MOST_PERIODS)]
    population: StatedPopulation | None = None


@router.post("/v1/schemes/{code}/back-test", status_code=202)
async def post_back_test(
    code: Code, stated: StatedBackTest, response: Response, caller: Asking, session: Writing
) -> BackTestJob:
    """Try the draft on whole past periods; what it would have come to is the job's result.

    Nothing else is written: no card, no result, no pay.
    """
    job = await ask_back_test(
        session,
        code,
        stated.periods,
        None if stated.population is None else stated.population.to_shape(),
        caller=caller,
        at=datetime.now(UTC),
    )
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return back_test_document(job)
