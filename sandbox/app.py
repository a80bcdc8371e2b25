"""The sandbox as a web application: each marketplace's own URL, and a control surface for tests."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.lives import first_day
from sandbox.shops import ZONE
from sandbox.taobao import Gateway

TAOBAO_PATH = "/router/rest"


def make_app(
    now: Callable[[], datetime], *, first: date | None = None, control: bool = False
) -> Starlette:
    """The gateways at a clock's now; `control` lets a test make things go wrong."""
    taobao = Gateway(first=first or first_day(now().astimezone(ZONE).date()), now=now)

    async def top(request: Request) -> Response:
        answer = taobao.answer(request.url.query.encode(), await request.body())
        if answer.wait_seconds:
            await asyncio.sleep(answer.wait_seconds)
        if answer.dropped:
            # An answer shorter than it says: the server cuts the connection.
            return Response(b"{", headers={"Content-Length": "4096"})
        return Response(
            answer.body, answer.status, headers=dict(answer.headers), media_type=answer.media_type
        )

    async def add_faults(request: Request) -> Response:
        taobao.trouble.add(*(Fault(**fault) for fault in await request.json()))
        return Response(status_code=204)

    async def drop_faults(_: Request) -> Response:
        taobao.trouble.faults.clear()
        return Response(status_code=204)

    async def list_calls(_: Request) -> Response:
        calls = taobao.trouble.calls
        return JSONResponse([[call.method, call.shop, call.outcome] for call in calls])

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    routes = [Route(TAOBAO_PATH, top, methods=["POST"]), Route("/health/live", live)]
    if control:
        routes += [
            Route("/control/faults", add_faults, methods=["POST"]),
            Route("/control/faults", drop_faults, methods=["DELETE"]),
            Route("/control/calls", list_calls),
        ]
    app = Starlette(routes=routes)
    app.state.taobao = taobao
    return app
