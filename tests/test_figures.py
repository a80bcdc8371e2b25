"""Figures reach the table from every process; what is promised and not tried turns a run red."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.figures import BEFORE_A_RELEASE, PROMISED, ROOT, Figures, Most, Wrong

TEST_OF_A_SCENARIO = r"def (test_scenario_\w+)\((.*?)\) ->"
CONFIGURATION = """
[pytest]
testpaths = .
addopts = -m "not long"
markers = long: before a release
"""
TWO_FILES = """
import pytest
from tests.figures import Most, Wrong

@pytest.mark.parametrize("tried", [2, 40])
def test_pulls(figure, tried):
    figure("P02", Wrong.PULLS, 0, tried=tried, of="answers")
    figure.most("C10", Most.RECOVERY, tried / 10, limit=9)

def test_without() -> None: ...
"""
EVERYTHING = f"""
import pytest
from tests.figures import Wrong

@pytest.mark.parametrize("scenario", {sorted(PROMISED - BEFORE_A_RELEASE)})
def test_scenario(figure, scenario):
    figure(scenario, Wrong.LEAKS, 0, tried=1, of="ways")

@pytest.mark.long
@pytest.mark.parametrize("scenario", {sorted(BEFORE_A_RELEASE)})
def test_long_scenario(figure, scenario):
    figure(scenario, Wrong.LEAKS, 0, tried=1, of="ways")
"""


def run(folder: Path, text: str, *options: str, files: int = 1) -> tuple[int, str]:
    """A pretend run of these tests in a folder of their own: its status, and what it printed."""
    (folder / "pytest.ini").write_text(CONFIGURATION)
    for number in range(files):
        (folder / f"test_{number}.py").write_text(text)
    words = ["-p", "tests.figures", "-p", "xdist", "-p", "no:cacheprovider", *options]
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }  # fmt: skip
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_figures_of_all_processes_are_summed(tmp_path: Path) -> None:
    _, told = run(tmp_path, TWO_FILES, "-n", "2", files=2)
    assert f"P02   0 {Wrong.PULLS}, of 84 answers\n" in told
    assert f"C10   4 {Most.RECOVERY} (limit 9)\n" in told
    assert "6 passed" in told


def test_what_is_promised_and_not_tried_turns_a_whole_run_red(tmp_path: Path) -> None:
    status, told = run(tmp_path, EVERYTHING)
    assert (status, "not tried" in told) == (0, False)
    fewer = EVERYTHING.replace("'A03', ", "").replace("'P02', ", "")
    status, told = run(tmp_path, fewer)
    assert (status, "promised, and not tried: A03 P02\n" in told) == (1, True)
    # A part of the tests promises nothing of the others.
    for part in (["-k", "scenario"], ["test_0.py"]):
        status, told = run(tmp_path, fewer, *part)
        assert (status, "promised, and" in told) == (0, False), part


def test_the_page_is_of_scenarios_alone_and_of_the_long_ones_too(tmp_path: Path) -> None:
    status, told = run(tmp_path, EVERYTHING, "-m", "", "--reliability")
    assert status == 0
    assert f"{len(PROMISED)} passed" in told
    assert re.search(
        r"date +\d.*\ncommit +\w.*\nmachine +\w.*processors.*\nseeds +", told
    )  # fmt: skip
    assert re.search(rf"{Wrong.LEAKS} +0 of {len(PROMISED)} tried \(A01 ", told)
    assert re.search(rf"{Most.RESTORE} +not tried\n", told)
    status, told = run(tmp_path, TWO_FILES, "--reliability")
    assert (status, "2 passed, 1 deselected" in told) == (1, True)
    assert "promised, and not tried: A01 " in told


def test_what_is_wrong_is_written_down_and_fails() -> None:
    kept: list[tuple[str, object]] = []
    figure = Figures(kept)
    with pytest.raises(AssertionError, match=r"A09: 1 leaks\n +e-1 in /v1/me"):
        figure("A09", Wrong.LEAKS, ["e-1 in /v1/me"], tried=3, of="answers")
    with pytest.raises(AssertionError, match=r"C01: 9\.5 seconds to recover, more than 9"):
        figure.most("C01", Most.RECOVERY, 1, 9.5, limit=9)
    assert len(kept) == 2
    with pytest.raises(AssertionError, match="nothing tried"):
        figure("A09", Wrong.LEAKS, 0, tried=0, of="answers")
    assert len(kept) == 2


def test_every_test_that_bears_a_scenarios_name_states_its_figure() -> None:
    silent = [
        f"{path.relative_to(ROOT)} {named[1]}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for named in re.finditer(
            r"def (test_scenario_\w+)\((.*?)\) ->", path.read_text(), re.DOTALL
        )
        if "figure: Figures" not in named[2]
    ]
    assert silent == []
