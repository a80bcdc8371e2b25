"""A log line is one line, whatever stood in what it tells of."""

import io
import json
import logging.config

import pytest
import structlog

from services.door.logs import configure_logs, server_logs
from tests.figures import Figures, Wrong

FORGED = '\r\n{"event": "forged"}'


@pytest.fixture
def written() -> io.BytesIO:
    return io.BytesIO()


@pytest.mark.parametrize(
    "text",
    [FORGED, "\x1b[2J\x1b[31m", "\u2028\u2029\x85\x0b\x0c", "\ud800", "\x00", "x" * 1_000_000],
    ids=["CR LF", "ANSI", "other line ends", "a surrogate", "nul", "1 MB"],
)
def test_scenario_x04_text_from_outside_forges_no_line(
    text: str, written: io.BytesIO, figure: Figures
) -> None:
    before = structlog.get_config()
    try:
        with io.TextIOWrapper(written, encoding="utf-8") as file:
            configure_logs(file=file)
            structlog.get_logger("test").info("request", path=text, caller=f"token:{text}")
            file.flush()
            line, *forged = written.getvalue().decode().splitlines()
    finally:
        structlog.configure(**before)
    figure("X04", Wrong.ACCEPTED, forged, tried=1, of="texts in what is logged")
    assert (json.loads(line)["event"], json.loads(line)["path"]) == ("request", text)
    assert line.isprintable()


@pytest.mark.parametrize("text", [FORGED, "\x1b[2J", "\u2028forged"])
def test_scenario_x04_what_the_server_says_is_one_line_too(
    text: str, capsys: pytest.CaptureFixture[str], figure: Figures
) -> None:
    logger = logging.getLogger("uvicorn")
    before = logger.handlers, logger.level, logger.propagate
    try:
        logging.config.dictConfig(server_logs())
        try:
            raise RuntimeError(text)
        except RuntimeError:
            logging.getLogger("uvicorn.error").exception("%s [accepted]", text)
    finally:
        logger.handlers, logger.level, logger.propagate = before
    line, *forged = capsys.readouterr().out.splitlines()
    figure("X04", Wrong.ACCEPTED, forged, tried=1, of="texts in what is logged")
    told = json.loads(line)
    assert (told["event"], told["level"]) == (f"{text} [accepted]", "error")
    assert text.splitlines()[-1] in told["exception"]
    assert line.isprintable()
