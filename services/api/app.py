"""The api assembled: every noun's routes, two database roles, and the worker behind them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI

from services.api.flows.readers import Seen
from services.api.graph.changes import Changes
from services.api.graph.endpoint import make_router
from services.api.graph.sockets import make_socket_router
from services.api.receivers import Receivers
from services.api.rest import (
    adjustments,
    alerts,
    audit,
    back_tests,
    breakdown,
    calendars,
    calibrations,
    cases,
    cycles,
    deliveries,
    disputes,
    drifts,
    employees,
    improvements,
    indicators,
    interviews,
    jobs,
    keys,
    ladders,
    late_facts,
    levels,
    measures,
    next_steps,
    pay_adjustments,
    payouts,
    rates,
    rating_requests,
    ratings,
    readers,
    receipts,
    reports,
    results,
    reviews,
    revocations,
    sales_changes,
    scheme_versions,
    schemes,
    score_changes,
    scoreboard,
    scorecards,
    shops,
    standards,
    surveys,
    target_plans,
    targets,
    templates,
    tenants,
    units,
    uses,
    webhooks,
)
from services.api.settings import ApiSettings
from services.api.workers.audit import AuditWorker
from services.api.workers.back_tests import BackTestWorker
from services.api.workers.live import LiveWorker
from services.api.workers.readers import ReadersWorker
from services.api.workers.watch import WatchWorker
from services.api.workers.webhooks import WebhookWorker
from services.door.app import Lifespan, make_app
from services.schema.db import Database

PAYROLL_POOL_SIZE = 4

ROUTERS = (
    tenants.router,
    rates.router,
    shops.router,
    units.router,
    employees.router,
    measures.router,
    indicators.router,
    sales_changes.router,
    targets.router,
    breakdown.router,
    target_plans.router,
    calendars.router,
    templates.router,
    schemes.router,
    scheme_versions.router,
    back_tests.router,
    ladders.router,
    levels.router,
    cycles.router,
    calibrations.router,
    scorecards.router,
    next_steps.router,
    score_changes.router,
    readers.router,
    standards.router,
    alerts.router,
    surveys.router,
    cases.router,
    reports.router,
    improvements.router,
    receipts.router,
    receipts.public,
    results.router,
    reviews.router,
    interviews.router,
    disputes.router,
    uses.router,
    late_facts.router,
    drifts.router,
    ratings.router,
    rating_requests.router,
    adjustments.router,
    pay_adjustments.router,
    payouts.router,
    payouts.reading,
    keys.router,
    revocations.router,
    audit.router,
    webhooks.router,
    deliveries.router,
    jobs.router,
    scoreboard.router,
)
_DESCRIPTION = "Scores of people and teams from a company's own orders, traffic and service data."


def create_app(settings: ApiSettings) -> FastAPI:
    """The api of a deployment."""
    app = make_app(
        "Kaohe",
        _DESCRIPTION,
        [*ROUTERS, make_router(with_ide=settings.documented), make_socket_router()],
        lifespan=_lifespan(settings),
        documented=settings.documented,
    )
    app.state.settings = settings
    app.state.tokens = settings.read_tokens()
    app.state.limits = settings.read_limits()
    app.state.signing_key = settings.read_signing_key()
    app.state.receipt_keys = settings.read_receipt_keys()
    app.state.keyring = settings.read_keyring()
    app.state.receivers = Receivers(
        plain=settings.environment == "development", loopback=settings.webhooks_to_loopback
    )
    return app


def _lifespan(settings: ApiSettings) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(
            settings.dsn.get_secret_value(),
            application="kaohe-api",
            behind_pooler=settings.behind_pooler,
        )
        payroll = Database(
            settings.payroll_dsn.get_secret_value(),
            application="kaohe-payroll",
            pool_size=PAYROLL_POOL_SIZE,
            behind_pooler=settings.behind_pooler,
        )
        app.state.database, app.state.payroll = database, payroll
        limit = timedelta(seconds=settings.waiting_limit_seconds)
        app.state.live = LiveWorker(database, waiting_limit=limit)
        app.state.readiness = (app.state.live.find_trouble,)
        app.state.back_tests = BackTestWorker(database, settings)
        app.state.watch = WatchWorker(database)
        app.state.changes = Changes(database)
        app.state.seen = Seen(database)
        app.state.webhooks = WebhookWorker(
            database,
            app.state.keyring,
            app.state.receivers,
            kept=timedelta(days=settings.deliveries_kept_days),
        )
        try:
            async with (
                app.state.live.running(),
                app.state.changes.running(),
                app.state.back_tests.running(),
                app.state.webhooks.running(),
                AuditWorker(database, settings.audit_heads).running(),
                ReadersWorker(app.state.seen).running(),
                app.state.watch.running(),
            ):
                yield
        finally:
            await database.close()
            await payroll.close()

    return lifespan
