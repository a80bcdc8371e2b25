"""A pair of tokens that was renewed is kept, by one program at a time, and outlives a restart."""

import asyncio
import json
import stat
from pathlib import Path

import pytest

from services.ingest.sources.errors import NotAuthorised, NotPermitted
from services.ingest.sources.tokens import TokenFile, Tokens

CONSENT = Tokens("a0", "r0")
SHOP = "acme/dy-1"


class Issuer:
    """Gives each pair once, for the refresh token of the one before."""

    def __init__(self) -> None:
        self.given = 0

    async def __call__(self, refresh: str) -> Tokens:
        await asyncio.sleep(0.01)
        if refresh != f"r{self.given}":
            raise NotAuthorised("this token was used")
        self.given += 1
        return Tokens(f"a{self.given}", f"r{self.given}")


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "tokens.json")


async def test_until_it_is_renewed_a_pair_is_that_of_the_consent(file: TokenFile) -> None:
    assert file.read(SHOP, CONSENT) == CONSENT
    assert not file.path.exists()


async def test_a_new_pair_is_kept_for_the_next_program(file: TokenFile) -> None:
    issue = Issuer()
    made = await file.renew(SHOP, CONSENT, "a0", issue)
    assert made == Tokens("a1", "r1")
    assert await file.renew(SHOP, CONSENT, "a1", issue) == Tokens("a2", "r2")
    assert TokenFile(file.path).read(SHOP, CONSENT) == Tokens("a2", "r2")
    # Another shop's pair is its own.
    assert file.read("acme/dy-2", CONSENT) == CONSENT
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [each.name for each in file.path.parent.glob(".*")] == []


async def test_of_many_that_find_a_token_run_out_one_asks_and_all_go_on(file: TokenFile) -> None:
    issue = Issuer()
    others = [TokenFile(file.path) for _ in range(6)]
    made = await asyncio.gather(*(each.renew(SHOP, CONSENT, "a0", issue) for each in others))
    assert set(made) == {Tokens("a1", "r1")}
    assert issue.given == 1


async def test_a_shop_that_signed_in_anew_begins_with_its_new_pair(file: TokenFile) -> None:
    await file.renew(SHOP, CONSENT, "a0", Issuer())
    anew = Tokens("b0", "s0")
    assert file.read(SHOP, anew) == anew


async def test_a_pair_that_was_refused_changes_nothing(file: TokenFile) -> None:
    issue = Issuer()
    await file.renew(SHOP, CONSENT, "a0", issue)
    before = file.path.read_bytes()
    issue.given = 7
    with pytest.raises(NotAuthorised):
        await file.renew(SHOP, CONSENT, "a1", issue)
    assert file.path.read_bytes() == before
    # The lock is free again.
    issue.given = 1
    assert (await file.renew(SHOP, CONSENT, "a1", issue)).access == "a2"


async def test_what_cannot_be_kept_is_not_asked_for(tmp_path: Path) -> None:
    """A pair that is given and lost would lock the shop out."""
    issue = Issuer()
    file = TokenFile(tmp_path / "nowhere" / "tokens.json")
    with pytest.raises(NotPermitted, match="cannot be written"):
        await file.renew(SHOP, CONSENT, "a0", issue)
    assert issue.given == 0


def test_a_torn_file_stops_the_shop_and_shows_nothing(file: TokenFile) -> None:
    file.path.write_text('{"acme/dy-1": {"access": "a9')
    with pytest.raises(NotPermitted) as caught:
        file.read(SHOP, CONSENT)
    assert "a9" not in str(caught.value)


async def test_neither_the_pair_nor_the_consent_shows_in_a_log(file: TokenFile) -> None:
    assert "a0" not in repr(CONSENT)
    await file.renew(SHOP, CONSENT, "a0", Issuer())
    kept = json.loads(file.path.read_text())
    assert set(kept[SHOP]) == {"consent", "access", "refresh"}
    assert "a0" not in json.dumps(kept)
