"""Marketplaces that knock: a webhook makes its shop's feeds due, and nothing that it says is taken.

What has changed comes by the one road, pulled and checked like all else: a knock that never comes
costs a minute, one that comes twice a call. So it is answered at once.
"""

import re
from collections import OrderedDict
from datetime import UTC, datetime, timedelta

import structlog
from fastapi import Request, Response

from services.door.problems import Unauthenticated
from services.door.routes import new_keyless_router
from services.door.sealing import Keyring
from services.door.wire import Code
from services.ingest.flows.accounts import open_signer
from services.ingest.flows.knocks import make_due
from services.ingest.sources import doudian
from services.ingest.sources.accounts import read_credential
from services.ingest.sources.webhooks import is_genuine
from services.ingest.store.tenants import read_tenant_numbers
from services.schema.db import Database

MOST_HEARD = 10_000
SETTLES = timedelta(seconds=5)
"""After a knock a marketplace's own lists may not have what it is about yet."""

router = new_keyless_router()
_log = structlog.get_logger("kaohe.knocks")

# Shopify's names and WooCommerce's.
_SIGNATURES = ("x-shopify-hmac-sha256", "x-wc-webhook-signature")
_DELIVERIES = ("x-shopify-webhook-id", "x-wc-webhook-delivery-id")
# Doudian's, whose messages have no name: what is signed alike is one.
_PUSHED = "event-sign"
_HEARD_BY_DOUDIAN = b'{"code":0,"msg":"success"}'
# So a WooCommerce site asks, unsigned, whether anybody is there; it wants a 200 for that.
_PING = re.compile(rb"webhook_id=[0-9]{1,19}")


class Heard:
    """The last knocks of this process: a marketplace repeats one until it is answered."""

    def __init__(self) -> None:
        self._names: OrderedDict[tuple[str, ...], None] = OrderedDict()

    def add(self, *name: str) -> bool:
        """Whether it is new; one without a name always is."""
        if not name[-1]:
            return True
        if name in self._names:
            return False
        self._names[name] = None
        if len(self._names) > MOST_HEARD:
            self._names.popitem(last=False)
        return True


@router.post(
    "/v1/feeds/hooks/{tenant}/{shop}",
    status_code=204,
    openapi_extra={"security": []},
    responses={200: {"description": "A ping of WooCommerce, or a message of Doudian's."}},
)
async def hear(request: Request, tenant: Code, shop: Code) -> Response:
    """A marketplace's webhook, known by its signature with the shop's own secret."""
    body = await request.body()
    if _PING.fullmatch(body):
        return Response(status_code=200)
    database: Database = request.app.state.database
    async with database.register() as register:
        number = (await read_tenant_numbers(register)).get(tenant)
    signer = await _signer_of(request, tenant, number, shop)
    # Who may not know of a shop hears the same of one that there is not.
    if signer is None or number is None or not _is_genuine(request, body, *signer):
        raise Unauthenticated("The signature is not that of this shop.")
    heard: Heard = request.app.state.heard
    if heard.add(tenant, shop, _first(request, (*_DELIVERIES, _PUSHED))):
        async with database.write(number) as session:
            await make_due(session, shop, at=datetime.now(UTC) + SETTLES)
        _log.info("feed.knocked", tenant=tenant, shop=shop)
    if _PUSHED in request.headers:
        return Response(_HEARD_BY_DOUDIAN, 200, media_type="application/json")
    return Response(status_code=204)


def _is_genuine(request: Request, body: bytes, app_key: str, secret: str) -> bool:
    pushed = request.headers.get(_PUSHED)
    if pushed is not None:
        return doudian.is_genuine(body, pushed, app_key=app_key, secret=secret)
    return is_genuine(body, _first(request, _SIGNATURES), secret)


async def _signer_of(
    request: Request, tenant: str, number: int | None, shop: str
) -> tuple[str, str] | None:
    """As it is sealed; as it stands in the accounts file where it is not."""
    ring: Keyring | None = request.app.state.master_keys
    if ring is not None and number is not None:
        database: Database = request.app.state.database
        async with database.read(number) as session:
            sealed = await open_signer(session, ring, shop)
        if sealed is not None:
            return sealed
    credential = read_credential(request.app.state.settings.marketplaces, tenant, shop)
    return (credential.app_key, credential.secret) if credential else None


def _first(request: Request, names: tuple[str, ...]) -> str:
    return next((found for name in names if (found := request.headers.get(name))), "")
