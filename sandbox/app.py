"""The sandbox as a web application: each marketplace's own URL, and a control surface for tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from datetime import date, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.doors import DOORS, open_all
from sandbox.faults import Fault
from sandbox.gateways import Asked, Gateway
from sandbox.knocks import knocking
from sandbox.lives import first_day
from sandbox.shops import ZONE


def make_app(
    now: Callable[[], datetime],
    *,
    first: date | None = None,
    control: bool = False,
    hooks: str | None = None,
) -> Starlette:
    """The gateways at a clock's now; `control` lets a test make things go wrong.

    `hooks` is the address that shops are registered at for what they send of their own accord.
    """
    begun = first or first_day(now().astimezone(ZONE).date())
    gateways = open_all(begun, now)

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    routes = [
        *(
            Route(path, _asking(gateways[name]), methods=list(methods))
            for name, door in DOORS.items()
            for path, methods in door.paths.items()
        ),
        Route("/health/live", live),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with knocking(hooks, gateways, now) if hooks else nullcontext():
            yield

    app = Starlette(routes=routes + (_controls(gateways) if control else []), lifespan=lifespan)
    app.state.gateways = gateways
    return app


def _asking(gateway: Gateway) -> Callable[[Request], Awaitable[Response]]:
    """The gateway behind a route."""

    async def ask(request: Request) -> Response:
        asked = Asked(
            method=request.method,
            url=str(request.url.replace(query="")),
            path=request.url.path,
            query=request.url.query.encode(),
            headers=dict(request.headers),
            body=await request.body(),
        )
        answer = gateway.answer(asked)
        if answer.wait_seconds:
            await asyncio.sleep(answer.wait_seconds)
        if answer.dropped:
            # An answer shorter than it says: the server cuts the connection.
            return Response(b"{", headers={"Content-Length": "4096"})
        return Response(
            answer.body, answer.status, headers=dict(answer.headers), media_type=answer.media_type
        )

    return ask


def _controls(gateways: Mapping[str, Gateway]) -> list[Route]:
    """Faults to come and calls so far; of all gateways, or of one by name."""

    def chosen(request: Request) -> list[Gateway]:
        name = request.query_params.get("gateway")
        return list(gateways.values()) if name is None else [gateways[name]]

    async def add_faults(request: Request) -> Response:
        faults = [Fault(**fault) for fault in await request.json()]
        for gateway in chosen(request):
            gateway.trouble.add(*faults)
        return Response(status_code=204)

    async def drop_faults(request: Request) -> Response:
        for gateway in chosen(request):
            gateway.trouble.faults.clear()
        return Response(status_code=204)

    async def list_calls(request: Request) -> Response:
        calls = [call for gateway in chosen(request) for call in gateway.trouble.calls]
        return JSONResponse([[call.method, call.shop, call.outcome] for call in calls])

    return [
        Route("/control/faults", add_faults, methods=["POST"]),
        Route("/control/faults", drop_faults, methods=["DELETE"]),
        Route("/control/calls", list_calls),
    ]
