"""A first pair of Doudian's tokens is made from a shop's number, or from the code of a consent."""

from datetime import timedelta
from typing import cast

import pytest

from sandbox.accounts import APP_KEY, APP_SECRET
from sandbox.doudian import PATH, Gateway
from sandbox.doudian.tokens import code_of, number_of, pair_of
from sandbox.shops import SHOP_OF
from services.ingest.sources.doudian import DoudianSource
from services.ingest.sources.errors import NotAuthorised, NotPermitted
from services.ingest.sources.reading import Credential
from services.ingest.sources.tokens import Ask, Tokens
from services.schema.shapes.feeds import Window
from tests.ingest.sources.places import BASE, NOW, ORDERS, Place

SHOP = SHOP_OF["dy-qinghe"]
DAY = Window(NOW - timedelta(days=3), NOW - timedelta(days=2))
OWN = f"shop:{number_of(SHOP)}"
CODE = f"code:{code_of(SHOP.code)}"


class Kept:
    """Keeps a pair for as long as the test lasts, and begins with a consent alone."""

    def __init__(self, consent: str) -> None:
        self.pair = Tokens("", consent)

    async def read(self) -> Tokens:
        return self.pair

    async def renew(self, used: str, ask: Ask) -> Tokens:
        assert used == self.pair.access
        self.pair = await ask(self.pair.refresh)
        return self.pair


def place_of(consent: str, pairs: Kept | None = None) -> Place:
    pairs = pairs or Kept(consent)
    credential = Credential(BASE + PATH, APP_KEY, APP_SECRET, "", refresh=consent, pairs=pairs)
    return Place(Gateway, DoudianSource, credential)


def methods(place: Place) -> list[str]:
    calls = [call.method for call in place.gateway.trouble.calls]
    place.gateway.trouble.calls.clear()
    return calls


@pytest.mark.parametrize("consent", [OWN, CODE], ids=["self", "code"])
async def test_the_first_call_makes_a_pair_and_the_next_ones_use_it(consent: str) -> None:
    place = place_of(consent)
    assert await place.read(ORDERS, DAY)
    assert methods(place) == ["token.create", "order.searchList"]
    assert "access_token" not in str(place.asked[0].url)
    assert await place.read(ORDERS, DAY)
    assert methods(place) == ["order.searchList"]
    # A week later it is renewed as any other.
    place.now = NOW + timedelta(days=8)
    assert await place.read(ORDERS, DAY)
    assert methods(place) == ["order.searchList", "token.refresh", "order.searchList"]


async def test_an_application_of_its_own_is_let_in_again_however_long_it_was_away() -> None:
    place = place_of(OWN)
    assert await place.read(ORDERS, DAY)
    methods(place)
    place.now = NOW + timedelta(days=30)
    assert await place.read(ORDERS, DAY)
    assert methods(place) == [
        "order.searchList", "token.refresh", "token.create", "order.searchList"
    ]  # fmt: skip
    kept = cast("Kept", place.credential.pairs).pair
    assert kept.access == pair_of(SHOP.code, 1).access


async def test_a_code_is_taken_once_and_then_somebody_has_to_sign_in() -> None:
    place = place_of(CODE)
    assert await place.read(ORDERS, DAY)
    methods(place)
    place.now = NOW + timedelta(days=30)
    with pytest.raises(NotAuthorised, match=r"token.refresh is refused"):
        await place.read(ORDERS, DAY)
    assert methods(place) == ["order.searchList", "token.refresh"]
    again = DoudianSource(
        cast("DoudianSource", place.source)._client,
        place_of(CODE).credential,
        now=lambda: place.now,
    )
    with pytest.raises(NotAuthorised, match=r"token.create is refused: code 50002"):
        await again.read(ORDERS, DAY)


@pytest.mark.parametrize("consent", ["shop:1", "code:nobody", "shop:"])
async def test_what_was_never_granted_stops_the_feed(consent: str) -> None:
    place = place_of(consent)
    with pytest.raises(NotAuthorised, match=r"token.create is refused: code 50002"):
        await place.read(ORDERS, DAY)
    assert methods(place) == ["token.create"]


async def test_without_a_place_to_keep_pairs_none_is_made() -> None:
    credential = Credential(BASE + PATH, APP_KEY, APP_SECRET, "", refresh=OWN)
    place = Place(Gateway, DoudianSource, credential)
    with pytest.raises(NotPermitted, match="pairs can be kept"):
        await place.read(ORDERS, DAY)
    assert methods(place) == []
