"""Ingest assembled: facts in, refused rows, feeds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from services.door.app import Lifespan, make_app
from services.ingest.flows.buyers import BuyerKeys
from services.ingest.rest import (
    accounts,
    exclusions,
    facts,
    feeds,
    mappings,
    reconciliations,
    rejected,
    webhooks,
)
from services.ingest.rest.readiness import find_uncounted
from services.ingest.rest.turns import Turns
from services.ingest.settings import IngestSettings
from services.schema.db import Database

ROUTERS = (
    facts.router,
    facts.reading,
    exclusions.router,
    rejected.router,
    feeds.router,
    mappings.router,
    accounts.router,
    reconciliations.router,
    webhooks.router,
)
_DESCRIPTION = "Facts in: from marketplaces, ERPs and other systems, added up as they come."


def create_app(settings: IngestSettings) -> FastAPI:
    """The ingest of a deployment."""
    app = make_app(
        "Kaohe ingest",
        _DESCRIPTION,
        ROUTERS,
        lifespan=_lifespan(settings),
        documented=settings.documented,
    )
    app.state.settings = settings
    app.state.tokens = settings.read_tokens()
    app.state.limits = settings.read_limits()
    app.state.signing_key = settings.read_signing_key()
    app.state.buyer_keys = BuyerKeys(settings.read_buyer_ring(), settings.read_buyer_key())
    app.state.master_keys = settings.read_master_keys()
    app.state.turns = Turns()
    app.state.heard = webhooks.Heard()
    return app


def _lifespan(settings: IngestSettings) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.database = Database(
            settings.dsn.get_secret_value(),
            application="kaohe-ingest",
            behind_pooler=settings.behind_pooler,
        )
        app.state.readiness = (partial(find_uncounted, app.state.database),)
        try:
            yield
        finally:
            await app.state.database.close()

    return lifespan
