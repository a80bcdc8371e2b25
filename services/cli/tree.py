"""The process tree behind `make run`: sandbox, ingest, its worker and the api, one origin."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from services.ingest.settings import IngestSettings
from services.local.exchange import Service
from services.local.origin import Routes, open_origin
from services.local.processes import Children, Program, answers, free_ports

INGEST_PATHS = (
    *("/v1/facts", "/v1/exclusions", "/v1/feeds", "/v1/mappings", "/v1/reconciliations"),
    "/v1/rejected",
    "/v1/shops/*/account",
)
HOOKS = "/v1/feeds/hooks"
"""Where marketplaces knock: behind it the company's code and the shop's."""
ANSWER_SECONDS = 30
BATCH_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Where everything listens, and what the programs are told."""

    var: Path
    dsn_of: Callable[[str], str]
    tenant: str
    """The company's code."""
    scoreboard_tenant: int
    sandbox_port: int
    ingest_port: int
    api_port: int

    @property
    def marketplaces(self) -> Path:
        """Credentials of the shops, and where their marketplaces answer."""
        return marketplaces_file(self.var)

    @property
    def buyer_key(self) -> Path:
        """What buyers' ids are hashed with."""
        return buyer_key_file(self.var)

    @property
    def master_key(self) -> Path:
        """What wraps the keys under which accounts are sealed."""
        return master_key_file(self.var)

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    def ingest_settings(self) -> IngestSettings:
        """What this process needs to pull by itself."""
        return IngestSettings(
            dsn=SecretStr(self.dsn_of("kaohe_ingest")),
            marketplaces=self.marketplaces,
            buyer_key_file=self.buyer_key,
            master_key_file=self.master_key,
        )

    def ingest_environment(self) -> dict[str, str]:
        return {
            "KAOHE_DSN": self.dsn_of("kaohe_ingest"),
            "KAOHE_PORT": str(self.ingest_port),
            "KAOHE_ENVIRONMENT": "demo",
            "KAOHE_MARKETPLACES": str(self.marketplaces),
            "KAOHE_SIGNING_KEY_FILE": str(self.var / "secrets" / "signing.key"),
            "KAOHE_BUYER_KEY_FILE": str(self.buyer_key),
            "KAOHE_MASTER_KEY_FILE": str(self.master_key),
            "KAOHE_SANDBOX": f"127.0.0.1:{self.sandbox_port}",
        }

    def api_environment(self) -> dict[str, str]:
        return {
            "KAOHE_DSN": self.dsn_of("kaohe_api"),
            "KAOHE_PAYROLL_DSN": self.dsn_of("kaohe_payroll"),
            "KAOHE_PORT": str(self.api_port),
            "KAOHE_ENVIRONMENT": "demo",
            "KAOHE_SCOREBOARD_TENANT": str(self.scoreboard_tenant),
            "KAOHE_SIGNING_KEY_FILE": str(self.var / "secrets" / "signing.key"),
            "KAOHE_RECEIPT_KEY_FILE": str(self.var / "secrets" / "receipt.key"),
            "KAOHE_WEBHOOK_KEY_FILE": str(webhook_key_file(self.var)),
        }


def marketplaces_file(var: Path) -> Path:
    """Where the demo's accounts with its marketplaces are kept."""
    return var / "secrets" / "marketplaces.json"


def buyer_key_file(var: Path) -> Path:
    """Where the demo's key for buyers is kept."""
    return var / "secrets" / "buyer.key"


def master_key_file(var: Path) -> Path:
    """Where the demo's master key is kept."""
    return var / "secrets" / "master.key"


def webhook_key_file(var: Path) -> Path:
    """Where the demo's key for the secrets of webhooks is kept."""
    return var / "secrets" / "webhook.key"


def plan_tree(
    var: Path, dsn_of: Callable[[str], str], *, tenant: str, scoreboard_tenant: int
) -> Tree:
    """A tree on free ports."""
    sandbox_port, ingest_port, api_port = free_ports(3)
    return Tree(
        var=var,
        dsn_of=dsn_of,
        tenant=tenant,
        scoreboard_tenant=scoreboard_tenant,
        sandbox_port=sandbox_port,
        ingest_port=ingest_port,
        api_port=api_port,
    )


@asynccontextmanager
async def standing(tree: Tree, children: Children, port: int) -> AsyncIterator[None]:
    """Everything but the pull worker is up for as long as the block lasts."""
    await children.start(
        Program(
            name="sandbox",
            module="sandbox",
            arguments=(
                *("--port", str(tree.sandbox_port)),
                *("--hooks", f"http://127.0.0.1:{port}{HOOKS}/{tree.tenant}"),
            ),
            is_ready=_answers(tree.sandbox_port, "/health/live"),
        )
    )
    await children.start(
        Program(
            name="ingest",
            module="services.ingest",
            environment=tree.ingest_environment(),
            is_ready=_answers(tree.ingest_port, "/health/ready"),
        )
    )
    await children.start(
        Program(
            name="api",
            module="services.api",
            environment=tree.api_environment(),
            is_ready=_answers(tree.api_port, "/health/ready"),
        )
    )
    ingest = Service("ingest", tree.ingest_port, BATCH_SECONDS)
    routes = Routes(
        Service("api", tree.api_port, ANSWER_SECONDS), dict.fromkeys(INGEST_PATHS, ingest)
    )
    async with open_origin(port, routes):
        yield


async def start_worker(tree: Tree, children: Children) -> None:
    """The pull worker, which takes the shops' feeds as they fall due."""
    await children.start(
        Program(
            name="worker",
            module="services.ingest.workers",
            environment=tree.ingest_environment(),
            is_ready=_always,
        )
    )


def _answers(port: int, path: str) -> Callable[[], Awaitable[bool]]:
    return partial(answers, port, path)


async def _always() -> bool:
    return True
