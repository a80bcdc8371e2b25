"""`kaohe webhook`: the secrets that sign messages, sealed anew under another key."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from services.api.settings import ApiSettings

app = typer.Typer(
    help="Webhooks: the secrets that sign messages, sealed anew.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _webhooks() -> None:
    """One command alone would not be asked for by its name."""


@app.command()
def reseal(
    new_key: Annotated[
        bool, typer.Option("--new-key", help="A new key in KAOHE_WEBHOOK_KEY_FILE, first.")
    ] = False,
) -> None:
    """Seal every webhook's secrets under the key that seals now, while messages go out."""
    from services.door.secret_files import rotate_key

    settings = _settings_of_here()
    if new_key:
        if settings.webhook_key_file is None or settings.webhook_key is not None:
            raise typer.BadParameter("The key stands in no file: put another in its place.")
        rotate_key(settings.webhook_key_file)
    left, lines = asyncio.run(_reseal(settings))
    for line in lines:
        typer.echo(line)
    if left:
        typer.echo("Not all could be sealed anew: those webhooks need `rotate`.", err=True)
        raise typer.Exit(1)


async def _reseal(settings: "ApiSettings") -> tuple[int, list[str]]:
    from services.api.flows.webhooks import reseal as reseal_tenant
    from services.api.store.tenants import read_tenant_codes
    from services.cli.opening import opened, operator_of
    from services.schema.errors import Invalid

    ring = settings.read_keyring()
    if ring is None:
        raise Invalid("webhook_key_missing", "State KAOHE_WEBHOOK_KEY or KAOHE_WEBHOOK_KEY_FILE.")
    left, lines = 0, [f"key: {ring.current().id}"]
    async with opened(settings, application="kaohe-webhook") as database:
        async with database.register() as register:
            codes = await read_tenant_codes(register)
        for number, code in codes.items():
            async with database.write(number) as session:
                done = await reseal_tenant(
                    session, ring, caller=operator_of(number), at=datetime.now(UTC)
                )
            if done is None:
                continue
            left += len(done.shut)
            lines.append(f"{code}: {done.secrets} secrets sealed anew")
            lines += [f"{code}/{webhook}: does not open" for webhook in done.shut]
    return left, lines


def _settings_of_here() -> "ApiSettings":
    """What the environment names; without KAOHE_DSN the demo that runs on this machine."""
    from pydantic import SecretStr

    from services.api.settings import ApiSettings
    from services.cli.tree import webhook_key_file
    from services.door.logs import configure_logs
    from services.local.here import dsn_here
    from services.local.settings import LocalSettings

    configure_logs("WARNING")
    local = LocalSettings()
    if local.dsn is not None:
        return ApiSettings()  # type: ignore[call-arg]  # the environment gives them
    return ApiSettings(
        dsn=SecretStr(dsn_here(local, "kaohe_api")),
        payroll_dsn=SecretStr(dsn_here(local, "kaohe_payroll")),
        webhook_key_file=webhook_key_file(local.var),
    )
