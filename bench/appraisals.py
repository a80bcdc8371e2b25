"""A cycle that is open for everybody of a company: what `live` and `reads` are measured on."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from bench.grounds import Company, Ground
from services.api.app import create_app
from services.api.settings import ApiSettings
from services.door.logs import configure_logs
from services.schema.words import Role

CYCLE = "2026-03"
POSITION = "seller"
SECONDS = 300
_RATIO = {"kind": "ratio", "floor": "0", "cap": "120"}
_ITEMS = (
    ("net_sales", "30", "20000"),
    ("orders", "20", "40"),
    ("units_sold", "20", "40"),
    ("average_order_value", "15", "500"),
    ("gross_profit", "15", "18000"),
)
_SCHEME: dict[str, Any] = {
    "name": {"zh": "基准", "en": "Bench"},
    "cycle": "month",
    "full_mark": "100",
    "sections": [
        {
            "code": "sales",
            "name": {"zh": "销售", "en": "Sales"},
            "weight": "100",
            "items": [
                {
                    "code": indicator,
                    "indicator": indicator,
                    "weight": weight,
                    "scope": "own",
                    "target": {"kind": "fixed", "value": target},
                    "rule": _RATIO,
                    "missing": "block",
                }
                for indicator, weight, target in _ITEMS
            ],
        }
    ],
    "gates": [],
    "grades": [
        {"grade": "A", "from": "90", "coefficient": "1.2"},
        {"grade": "B", "from": "75", "coefficient": "1"},
        {"grade": "C", "from": "0", "coefficient": "0.6"},
    ],
    "approval": [],
    "pay": [],
}


def scheme_document() -> str:
    """The scheme of five items, as it is kept."""
    return json.dumps(_SCHEME)


def settings_of(ground: Ground) -> ApiSettings:
    return ApiSettings.model_validate(environment_of(ground))


def environment_of(ground: Ground) -> dict[str, str]:
    """Settings of the api on a ground, by their names without a prefix."""
    return {
        "dsn": ground.dsn("kaohe_api"),
        "payroll_dsn": ground.dsn("kaohe_payroll"),
        "signing_key": "0" * 64,
        "log_level": "WARNING",
    }


async def open_cycle(ground: Ground, company: Company) -> None:
    """Publish a scheme of five items, and open a cycle for everybody in the position."""
    configure_logs("WARNING")
    async with _client(create_app(settings_of(ground)), company.keys[Role.ADMIN]) as client:
        await _send(client, "PUT", "/v1/schemes/bench", _SCHEME)
        await _send(client, "POST", "/v1/schemes/bench/publish", {})
        cycle = {
            "code": CYCLE,
            "scheme": "bench",
            "period": CYCLE,
            "population": {"position": POSITION},
            "grace_days": 0,
        }
        await _send(client, "POST", "/v1/cycles", cycle)
        await _send(client, "POST", f"/v1/cycles/{CYCLE}/moves", {"to": "open"})


async def _send(client: httpx.AsyncClient, method: str, path: str, body: Any) -> None:
    answer = await client.request(method, path, json=body)
    assert answer.is_success, answer.text[:2000]


@asynccontextmanager
async def _client(app: FastAPI, key: str) -> AsyncIterator[httpx.AsyncClient]:
    """Reaches an app in this process, with its lifespan around."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://bench",
            headers={"Authorization": f"Bearer {key}"},
            timeout=SECONDS,
        ) as client,
    ):
        yield client
