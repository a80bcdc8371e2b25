"""The published contracts, generated from the code: two OpenAPI documents, the graph's schema."""

import json
from pathlib import Path

from fastapi import FastAPI

from services.api.app import create_app as create_api
from services.api.graph.schema import schema
from services.api.settings import ApiSettings
from services.ingest.app import create_app as create_ingest
from services.ingest.settings import IngestSettings

FOLDER = Path(__file__).parents[2] / "openapi"

# Nothing is opened: an app is only asked what it would answer.
_NOWHERE = "postgresql://nobody@nowhere/none"
_KEY = "0" * 32


def write_contracts(folder: Path = FOLDER) -> None:
    """Write the contracts as they are now; the same code gives the same bytes."""
    folder.mkdir(exist_ok=True)
    for name, contract in contracts().items():
        (folder / name).write_text(contract, encoding="utf-8")


def contracts() -> dict[str, str]:
    """Each contract by the name of its file."""
    api = ApiSettings.model_validate(
        {"dsn": _NOWHERE, "payroll_dsn": _NOWHERE, "signing_key": _KEY, "receipt_key": _KEY}
    )
    ingest = IngestSettings.model_validate(
        {"dsn": _NOWHERE, "signing_key": _KEY, "buyer_key": _KEY}
    )
    return {
        "api.json": _openapi(create_api(api)),
        "ingest.json": _openapi(create_ingest(ingest)),
        "schema.graphql": f"{schema.as_str()}\n",
    }


def _openapi(app: FastAPI) -> str:
    return json.dumps(app.openapi(), ensure_ascii=False, indent=2) + "\n"
