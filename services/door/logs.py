"""Logs: one event, one line of JSON; what variables held is never written."""

import logging
from typing import Any, TextIO

import structlog

_PROCESSORS = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)
_LINE = structlog.processors.JSONRenderer(ensure_ascii=True, sort_keys=False)


def configure_logs(level: str = "INFO", *, file: TextIO | None = None) -> None:
    """Set up structlog for a process, to a file or standard output.

    Text from outside cannot break out of its line: all but ASCII is escaped, other line ends too.
    """
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *_PROCESSORS, _LINE],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(file=file),
        cache_logger_on_first_use=True,
    )


def server_logs() -> dict[str, Any]:
    """What uvicorn says of itself, in lines of the same kind: of sockets, of what is no HTTP."""
    line = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _PROCESSORS,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _LINE],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line},
        "handlers": {
            "line": {
                "class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stdout",
            }
        },
        "loggers": {"uvicorn": {"handlers": ["line"], "level": "INFO", "propagate": False}},
    }  # fmt: skip
