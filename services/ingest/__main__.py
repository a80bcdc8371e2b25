"""Serves ingest: `python -m services.ingest`."""

import uvicorn

from services.door.logs import configure_logs
from services.ingest.app import create_app
from services.ingest.settings import IngestSettings


def main() -> None:
    settings = IngestSettings()  # type: ignore[call-arg]  # the environment gives them
    configure_logs(settings.log_level)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,  # the door writes a line for each request
        server_header=False,
        proxy_headers=False,  # nothing here depends on what a caller may claim to be
        limit_concurrency=200,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=20,
    )


if __name__ == "__main__":
    main()
