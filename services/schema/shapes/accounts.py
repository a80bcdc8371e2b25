"""A shop's account with its marketplace: terms that may be read, and secrets that are sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class AccountField(StrEnum):
    """What of a shop's account with its marketplace is secret, and kept sealed."""

    APP_KEY = "app_key"
    SECRET = "secret"  # noqa: S105  the field's name
    SESSION = "session"
    REFRESH = "refresh"
    RENEWED = "renewed"
    """The newest pair of session and refresh, where a marketplace renews them."""


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """How a shop is read; nothing of it opens anything."""

    shop: str
    gateway: str | None
    """The marketplace's own address unless stated."""
    since: date | None
    """The first day to be read; as far back as the marketplace remembers, unless stated."""
    also: frozenset[str]
    """What is asked for beside the usual."""
    calls_per_second: int
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class StatedAccount:
    """What somebody puts: the terms whole, and the secrets that are to be others."""

    terms: AccountTerms
    secrets: Mapping[AccountField, str | None] = field(repr=False)
    """Null takes a field away; what is not named stays."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """All that anybody is told of an account."""

    terms: AccountTerms
    set_at: Mapping[AccountField, datetime]
    """When each field that is kept was set."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A tenant's key as it is kept: wrapped by a master key."""

    number: int
    """Counted from 1; the last one seals."""
    master: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class BuyerKey:
    """What a tenant's buyers are hashed with, as it is kept."""

    number: int
    """Counted from 1: how often the tenant's buyers have begun anew."""
    wrapped: tuple[str, bytes] | None
    """By which master key, and what came of it; null is the deployment's own of before."""


@dataclass(frozen=True, slots=True)
class SealedField:
    """A secret of an account as it is kept, and what it is sealed under."""

    shop: str
    field: AccountField
    key: DataKey
    sealed: bytes
    set_at: datetime
