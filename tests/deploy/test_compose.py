"""The compose file, the image file and the roles agree with each other and with the tree."""

import re
from typing import Any

import yaml

from services.local.processes import ROOT


def services() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "compose.yaml").read_text())
    found: dict[str, Any] = document["services"]
    return found


def test_each_step_waits_for_the_one_before() -> None:
    waits = {name: set(it.get("depends_on", {})) for name, it in services().items()}
    assert waits == {
        "postgres": set(),
        "migrate": {"postgres"},
        "api": {"migrate"},
        "ingest": {"migrate"},
        "worker": {"migrate"},
        "proxy": {"api", "ingest"},
    }


def test_what_is_built_is_a_target() -> None:
    targets = re.findall(r"(?m)^FROM .* AS (\w+)$", (ROOT / "Dockerfile").read_text())
    built = {it["build"]["target"] for it in services().values() if "build" in it}
    assert built == {"api", "ingest"}  # the worker is ingest's image
    assert built <= set(targets)


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    kept = re.findall(r"(?m)^!(.*)$", (ROOT / ".dockerignore").read_text())
    lines = re.findall(r"(?m)^COPY (?!--from)(.*)$", (ROOT / "Dockerfile").read_text())
    copied = [source for line in lines for source in line.split()[:-1]]
    assert len(copied) >= 9
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(source == name or source.startswith(f"{name}/") for name in kept), source


def test_the_services_run_as_nobody_in_particular() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    for target in ("api", "ingest"):
        stage = dockerfile.split(f"FROM floor AS {target}\n")[1].split("\nFROM ")[0]
        assert "\nUSER 10001\n" in stage
        settings = services()[target]
        assert settings["read_only"]
        assert settings["cap_drop"] == ["ALL"]


def test_every_role_has_a_password_from_the_environment() -> None:
    read = set(re.findall(r"\\getenv \w+ (\w+)", (ROOT / "deploy" / "roles.sql").read_text()))
    given = set(services()["postgres"]["environment"])
    assert len(read) == 4
    assert read <= given
    compose = (ROOT / "compose.yaml").read_text()
    assert not re.search(r"(?i)password:\s+(?!\$\{)\S", compose)
