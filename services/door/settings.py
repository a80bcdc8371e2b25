"""What the environment may say about both doors: whose tokens open them, and how often."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings

from services.door.key_sets import KeySets, is_place
from services.door.limits import Allowance, Limits, Rate
from services.door.tokens import ALGORITHMS, Issuer, Tokens
from services.schema.words import Role

HOUR_SECONDS = 3600
# People who look after many may ask for more than those who look at themselves.
_GRAPH_PER_SECOND = dict.fromkeys(Role, 250) | {
    Role.ADMIN: 2_000,
    Role.HR: 2_000,
    Role.LEAD: 1_000,
    Role.VIEWER: 1_000,
}
_GRAPH_SECONDS = 20


class DoorSettings(BaseSettings):
    # The issuer whose tokens are taken, exactly as they name it in `iss`; without one API keys
    # alone open the doors.
    token_issuer: str | None = None
    # What tokens for this deployment name in `aud`.
    token_audience: str = Field(default="kaohe", min_length=1)
    # Where the issuer publishes its keys: https, or a file.
    token_keys: str | None = None
    # Which algorithms are taken, apart by spaces.
    token_algorithms: str = "RS256 ES256 Ed25519"  # noqa: S105  no secret
    # How far clocks may differ, and how long a token may hold.
    token_leeway_seconds: int = Field(default=30, ge=0, le=300)
    token_lifetime_seconds: int = Field(default=12 * HOUR_SECONDS, ge=60, le=24 * HOUR_SECONDS)
    # The numbers of the tenants that the issuer may speak for, apart by spaces; unless stated, all.
    token_tenants: str | None = Field(default=None, pattern=r"^[0-9 ]+$")

    # How much one process answers, in requests a second and at once after a rest: to one key, to
    # all of one company, to bearers that were not good. More is 429. An ERP that posts batches is
    # far below. With several processes each allows as much. Where companies share a process, a
    # third of what it can do is a good rate for one (docs/decisions, who asks too much).
    limit_key_per_second: int = Field(default=200, ge=1)
    limit_key_burst: int = Field(default=1_000, ge=1)
    limit_tenant_per_second: int = Field(default=400, ge=1)
    limit_tenant_burst: int = Field(default=2_000, ge=1)
    limit_strangers_per_second: int = Field(default=50, ge=1)
    limit_strangers_burst: int = Field(default=500, ge=1)
    # Requests of one company that are under way at once.
    limit_at_once: int = Field(default=100, ge=1)
    # Objects a second that queries of one caller may ask for, as JSON by role; other roles keep
    # what they have. Twenty seconds' worth may be asked for at once.
    limit_graph_per_second: dict[Role, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)

    @field_validator("token_issuer", "token_keys", "token_tenants", mode="before")
    @classmethod
    def _take_empty_as_unset(cls, stated: str | None) -> str | None:
        return stated or None

    @field_validator("token_algorithms")
    @classmethod
    def _know_algorithms(cls, named: str) -> str:
        if not named.split() or set(named.split()) - set(ALGORITHMS):
            raise ValueError(f"tokens are signed by some of {', '.join(ALGORITHMS)}")
        return named

    @model_validator(mode="after")
    def _have_keys(self) -> "DoorSettings":
        if self.token_issuer is not None and not is_place(self.token_keys or ""):
            raise ValueError(
                "KAOHE_TOKEN_KEYS names an https address or a file of the issuer's keys"
            )
        return self

    def read_limits(self) -> Limits:
        """What callers may ask of one process."""
        graph = {**_GRAPH_PER_SECOND, **self.limit_graph_per_second}
        return Limits(
            Allowance(
                key=Rate(self.limit_key_per_second, self.limit_key_burst),
                tenant=Rate(self.limit_tenant_per_second, self.limit_tenant_burst),
                strangers=Rate(self.limit_strangers_per_second, self.limit_strangers_burst),
                at_once=self.limit_at_once,
                graph={role: Rate(each, each * _GRAPH_SECONDS) for role, each in graph.items()},
            )
        )

    def read_tokens(self) -> Tokens | None:
        """Who checks tokens; null where none are taken."""
        if self.token_issuer is None or self.token_keys is None:
            return None
        tenants = self.token_tenants
        issuer = Issuer(
            name=self.token_issuer,
            audience=self.token_audience,
            algorithms=tuple(self.token_algorithms.split()),
            leeway=timedelta(seconds=self.token_leeway_seconds),
            lifetime=timedelta(seconds=self.token_lifetime_seconds),
            tenants=None if tenants is None else frozenset(map(int, tenants.split())),
        )
        return Tokens(issuer, KeySets(self.token_keys))
