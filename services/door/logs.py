"""Logs: one event, one line of JSON; what variables held is never written."""

import logging
from typing import TextIO

import structlog


def configure_logs(level: str = "INFO", *, file: TextIO | None = None) -> None:
    """Set up structlog for a process, to a file or standard output.

    Text from outside cannot break out of its line: all but ASCII is escaped, other line ends too.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=True, sort_keys=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(file=file),
        cache_logger_on_first_use=True,
    )
