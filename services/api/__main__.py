"""Serves the api: `python -m services.api`."""

from services.api.app import create_app
from services.api.settings import ApiSettings
from services.door.logs import configure_logs
from services.door.serving import serve


def main() -> None:
    settings = ApiSettings()  # type: ignore[call-arg]  # the environment gives them
    configure_logs(settings.log_level)
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()
