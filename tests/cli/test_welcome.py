"""What is printed can be copied and pasted: each call is one that a shell takes as it stands."""

import json
import shlex

from services.cli.demo import ROLES
from services.cli.welcome import welcome

SIGHTS = [("a ladder", "/v1/ladders/x"), ("a gate", "/?cycle=2026-10-x")]
KEYS = {role: f"kh_1_{role}" for role in ROLES}


def test_there_is_a_call_for_each_kind_of_user() -> None:
    text = welcome(8123, KEYS, shop="st-1", sights=SIGHTS)
    calls = [shlex.split(line) for line in text.splitlines() if line.strip().startswith("curl")]
    assert len(calls) == 6
    for call in calls:
        assert call[-1].startswith("http://127.0.0.1:8123/")
        if "-d" in call:
            json.loads(call[call.index("-d") + 1])
    used = {word.removeprefix("Authorization: Bearer ") for call in calls for word in call}
    assert used >= {KEYS[role] for role in ROLES if role != "admin"}
    assert KEYS["admin"] not in text


def test_it_says_where_to_look() -> None:
    text = welcome(8123, KEYS, shop="st-1", sights=SIGHTS)
    for path in ("/", "/docs", "/graphql"):
        assert f"http://127.0.0.1:8123{path}\n" in text
    assert (
        "  a gate                                 http://127.0.0.1:8123/?cycle=2026-10-x\n" in text
    )
