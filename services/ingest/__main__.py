"""Serves ingest: `python -m services.ingest`."""

import gc
import sys

from services.door.logs import configure_logs
from services.door.serving import serve
from services.ingest.app import create_app
from services.ingest.settings import IngestSettings

# A thread that reads rows lets the loop in after so long: it has answers to take and rows to send,
# a dozen times a chunk, and PostgreSQL waits meanwhile.
SWITCH_SECONDS = 0.0001
# Rows come by ten thousands and none holds itself: seldom looking through them saves a tenth.
GARBAGE_OBJECTS = 50_000


def main() -> None:
    settings = IngestSettings()  # type: ignore[call-arg]  # the environment gives them
    configure_logs(settings.log_level)
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(GARBAGE_OBJECTS)
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()
