"""What stands where in ingest's modules while a story is played."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from inspect import CO_COROUTINE
from random import Random
from types import FunctionType
from typing import Any

import tenacity

from services.ingest.flows import audit, buyers, landing, pulls
from services.ingest.sources import client, pinduoduo, shopify, shopify_documents, taobao
from services.ingest.sources.client import Client
from services.ingest.store import jobs
from services.ingest.workers import accounts, desks, pulling, schedule, tidying
from services.schema.words import FactKind
from tests.simulation import memory
from tests.simulation.marketplaces import Line
from tests.simulation.weathers import Weather

_PLACES = (audit, buyers, landing, pulls, accounts, desks, pulling, schedule, tidying)
_LOGGING = (client, accounts, pulling, schedule)
_FACTS = "services.ingest.store."

Patch = Callable[[Any, str, object], None]


@contextmanager
def patching() -> Iterator[Patch]:
    """Sets attributes, and puts them back at the end."""
    stood: list[tuple[Any, str, object]] = []

    def patch(place: Any, name: str, value: object) -> None:
        stood.append((place, name, getattr(place, name)))
        setattr(place, name, value)

    try:
        yield patch
    finally:
        for place, name, value in reversed(stood):
            setattr(place, name, value)


def use_memory(patch: Patch) -> None:
    """Let flows and workers call the store in memory; what it lacks fails by name."""
    for place in _PLACES:
        for name in _of_store(place):
            patch(place, name, _standing_in(name))
    patch(jobs, "add_backfill", _standing_in("add_backfill"))


def _of_store(place: Any) -> list[str]:
    """The names in a module of functions of the store."""
    return [
        name
        for name, value in vars(place).items()
        if isinstance(value, FunctionType) and value.__module__.startswith(_FACTS)
    ]


def _standing_in(name: str) -> Callable[..., Any]:
    """Looked up at each call: a defect may be planted there."""

    def call(*arguments: Any, **named: Any) -> Any:
        return getattr(memory, name)(*arguments, **named)

    return call


def use_weather(patch: Patch, weather: Weather) -> None:
    """Pages of a few rows, no figures by the day, and looks as rare as a story can bear.

    The names of all the fields that are wanted are not read here, and so are not sent.
    """
    lists = {kind: replace(asked, page_size=weather.page_size, fields="", extra={})
             for kind, asked in taobao._LISTS.items()}  # fmt: skip
    every = timedelta(seconds=weather.every_seconds)
    for source, streams in (
        (taobao.TaobaoSource, taobao.STREAMS),
        (shopify.ShopifySource, shopify.STREAMS),
        (pinduoduo.PinduoduoSource, pinduoduo.STREAMS),
    ):
        often = {
            kind: replace(stream, every=every)
            for kind, stream in streams.items()
            if kind not in {FactKind.TRAFFIC, FactKind.STOCK}
        }
        patch(source, "streams", often)
    patch(taobao, "_LISTS", lists)
    patch(pinduoduo, "PAGE_ROWS", weather.page_size)
    patch(shopify_documents, "PAGE_ORDERS", weather.page_size)
    patch(schedule, "LONGEST_SLEEP", timedelta(minutes=10))
    patch(schedule, "LONGER_SLEEP", timedelta(seconds=25))
    patch(schedule, "SHORTEST_SLEEP", timedelta(seconds=20))


def use_door(patch: Patch, *, as_transport: bool) -> None:
    """The clock that a client is given knows whose it is, and by which door it goes out.

    `as_transport` keeps httpx's own client in between, and forms as they are really written: both
    take more time than all else in a story.
    """

    def open_client(hosts: Any, pace: Any, *, now: Any, sandbox: Any) -> Client:
        door = now.open_door()
        made = Client(hosts, pace, now=now, sandbox=sandbox, transport=door)
        if not as_transport:
            made._client = Line(door)  # type: ignore[assignment]
        return made

    patch(desks, "Client", open_client)
    if not as_transport:
        patch(tenacity._utils, "is_coroutine_callable", _is_coroutine)
        patch(client, "urlencode", lambda form: "&".join(f"{n}={v}" for n, v in form.items()))
        patch(Client, "_check_host", lambda _self, _url: None)


def _is_coroutine(call: Any) -> bool:
    """As tenacity asks of each step of each attempt, without looking at whatever else it may be."""
    code = getattr(call, "__code__", None)
    return code is not None and bool(code.co_flags & CO_COROUTINE)


def use_numbers(patch: Patch) -> None:
    """Ids that a seed repeats."""
    numbers = itertools.count(1)

    def new_id(kind: Any) -> str:
        return f"{kind}_{next(numbers):026}"

    patch(landing, "new_id", new_id)
    patch(pulls, "new_id", new_id)


class _Mute:
    """A log of what nobody could read in a thousand stories."""

    def bind(self, **_: object) -> "_Mute":
        return self

    def info(self, _event: str, **_: object) -> None:
        """Nothing is written."""

    warning = error = info


def be_silent(patch: Patch) -> None:
    for place in _LOGGING:
        patch(place, "_log", _Mute())


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """The chance that retries and paces draw from when nobody hands them another."""
    import random  # noqa: PLC0415  only here

    stood = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(stood)


def chance_of(seed: int, what: str) -> Random:
    return Random(f"{seed}/{what}")
