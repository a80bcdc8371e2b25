"""The accounts file is read exactly, and what is wrong in it is named without being shown."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.doors import credentials
from sandbox.shops import MARKETPLACE_SHOPS
from services.ingest.sources.accounts import Account, read_accounts, read_supplement
from services.ingest.sources.reading import Credential
from services.schema.errors import Invalid, Unavailable
from services.schema.shapes.feeds import Article, Supplement

SHOP = {"tenant": "acme", "shop": "tm-1", "app_key": "21", "secret": "s3cret", "session": "se55"}


def written(path: Path, document: object) -> Path:
    file = path / "accounts.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


def test_a_shop_needs_five_things_and_has_the_rest_by_default(tmp_path: Path) -> None:
    found = read_accounts(written(tmp_path, {"shops": [SHOP]}))
    assert found.accounts == (
        Account("acme", "tm-1", Credential(None, "21", "s3cret", "se55"), None, 20),
    )
    assert found.supplement == Supplement()
    assert found.sandbox == ()


def test_articles_keep_their_exact_cost(tmp_path: Path) -> None:
    text = (
        '{"shops": [], "articles": {"A": {"cost": 12.3456}, "B": {"cost": "7", "tags": ["new"]}},'
        ' "people": {"68": "e-016"}}'
    )
    assert read_supplement(written(tmp_path, text)) == Supplement(
        {"A": Article(Decimal("12.3456"), ()), "B": Article(Decimal(7), ("new",))},
        {"68": "e-016"},
    )
    assert read_supplement(None) == Supplement()


def test_the_sandboxs_own_file_is_one(tmp_path: Path) -> None:
    document = credentials("demo", "http://127.0.0.1:8100", date(2026, 11, 22))
    found = read_accounts(written(tmp_path, document))
    assert found.sandbox == ("127.0.0.1:8100",)
    assert [account.shop for account in found.accounts] == [shop.code for shop in MARKETPLACE_SHOPS]
    assert found.accounts[0].since == date(2026, 9, 24)
    assert found.supplement.articles["QH-1001"] == Article(Decimal("152.00"), ("hit", "core"))


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"shops": [{**SHOP, "secret": None}]}, "shops.0.secret"),
        ({"shops": [SHOP, {**SHOP, "sesion": "x"}]}, "shops.1.sesion"),
        ({"shops": [{**SHOP, "calls_per_second": 0}]}, "shops.0.calls_per_second"),
        ({"shops": [{**SHOP, "since": "2026-02-30"}]}, "shops.0.since"),
        ({"shops": [], "articles": {"A": {"cost": "-1"}}}, "articles.A.cost"),
        ({"shops": [], "articles": {"A": {"cost": "1.00001"}}}, "articles.A.cost"),
        ({}, "shops"),
    ],
)
def test_a_mistake_is_named_by_its_place(tmp_path: Path, document: Any, place: str) -> None:
    file = written(tmp_path, document)
    with pytest.raises(Invalid) as caught:
        read_accounts(file)
    assert caught.value.detail == f"{file}: see {place}."
    assert "s3cret" not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"shops": [{"secret": "s3cret"}'])
def test_a_torn_file_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_accounts(written(tmp_path, text))
    assert "s3cret" not in str(caught.value)
    with pytest.raises(Unavailable):
        read_supplement(tmp_path / "nowhere.json")


def test_a_credential_hides_its_secrets(tmp_path: Path) -> None:
    (account,) = read_accounts(written(tmp_path, {"shops": [SHOP]})).accounts
    assert "s3cret" not in repr(account)
    assert "se55" not in repr(account)


def test_a_shop_with_a_second_token_says_where_pairs_stood_before(tmp_path: Path) -> None:
    shops = [{**SHOP, "refresh": "re77"}, SHOP]
    beside = read_accounts(written(tmp_path, {"shops": shops}))
    assert beside.left_pairs == tmp_path / "accounts.json.tokens"
    assert [account.credential.refresh for account in beside.accounts] == ["re77", None]
    assert "re77" not in repr(beside)
    document = {"shops": shops, "tokens": "/var/lib/kaohe/tokens.json"}
    stated = read_accounts(written(tmp_path, document))
    assert stated.left_pairs == Path("/var/lib/kaohe/tokens.json")


def test_the_file_that_a_deployment_begins_with_is_one() -> None:
    """What an older one kept lies on the workers' volume: all else there is read-only."""
    file = Path(__file__).parents[3] / "deploy" / "marketplaces.json"
    assert read_accounts(file).accounts == ()
    kept = json.loads(file.read_text())["tokens"]
    compose = (file.parents[1] / "compose.yaml").read_text()
    assert f"tokens:{Path(kept).parent}" in compose
