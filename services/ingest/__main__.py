"""Serves ingest: `python -m services.ingest`."""

from services.door.logs import configure_logs
from services.door.serving import serve
from services.ingest.app import create_app
from services.ingest.settings import IngestSettings


def main() -> None:
    settings = IngestSettings()  # type: ignore[call-arg]  # the environment gives them
    configure_logs(settings.log_level)
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()
