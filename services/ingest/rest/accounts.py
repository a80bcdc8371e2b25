"""REST of a shop's account with its marketplace: written, and never read back."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import AfterValidator, Field, StringConstraints

from services.door.etags import PRIVATE, check_match, etag_of, tagged
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Day, Instant, Model, Text
from services.ingest.flows.accounts import Permit, drop_account, put_account, view_account
from services.ingest.sources.accounts import CALLS_PER_SECOND
from services.schema.shapes.accounts import AccountField, AccountTerms, AccountView, StatedAccount

MOST_ALSO = 20

router = new_router()


def _check_visible(text: str) -> str:
    """A secret goes into headers and addresses: as it is given out, one word of ASCII."""
    if not all("!" <= letter <= "~" for letter in text):
        raise ValueError("printable ASCII characters without spaces are expected")
    return text


Secret = Annotated[
    str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_check_visible)
]


_NEVER_READ = Field(default=None, repr=False, json_schema_extra={"writeOnly": True})


class StatedAccountDocument(Model):
    """An account: its terms whole, and the secrets that are to be others.

    A secret that is not named stays as it is; `session` or `refresh` as null is taken away.
    """

    gateway: Text | None = None
    """The marketplace's own address unless stated: a site's, a Shopify shop's, Amazon's."""
    since: Day | None = None
    """The first day to be read; as far back as the marketplace remembers, unless stated."""
    also: tuple[Code, ...] = Field(default=(), max_length=MOST_ALSO, strict=False)
    """What is asked for beside the usual."""
    calls_per_second: Annotated[int, Field(ge=1, le=1000)] = CALLS_PER_SECOND
    app_key: Secret | None = _NEVER_READ
    secret: Secret | None = _NEVER_READ
    session: Secret | None = _NEVER_READ
    refresh: Secret | None = _NEVER_READ
    """What gives the next session, at a marketplace where sessions come in pairs."""

    def to_shape(self, shop: str, at: datetime) -> StatedAccount:
        terms = AccountTerms(
            shop, self.gateway, self.since, frozenset(self.also), self.calls_per_second, at
        )
        named = self.model_fields_set
        secrets: dict[AccountField, str | None] = {
            field: getattr(self, field.value)
            for field in AccountField
            if field is not AccountField.RENEWED and field.value in named
        }
        return StatedAccount(terms, secrets)


class FieldDocument(Model):
    """A secret that is kept; what it is nobody is told."""

    field: AccountField
    set_at: Instant


class AccountDocument(Model):
    """An account as far as it is told."""

    shop: Code
    gateway: str | None
    since: Day | None
    also: list[str]
    calls_per_second: int
    stated_at: Instant
    fields: list[FieldDocument]
    """The secrets that are kept; `renewed` is the newest pair of a marketplace's own making."""

    @classmethod
    def from_shape(cls, view: AccountView) -> "AccountDocument":
        terms = view.terms
        return cls(
            shop=terms.shop,
            gateway=terms.gateway,
            since=terms.since,
            also=sorted(terms.also),
            calls_per_second=terms.calls_per_second,
            stated_at=terms.stated_at,
            fields=[
                FieldDocument(field=field, set_at=view.set_at[field])
                for field in AccountField
                if field in view.set_at
            ],
        )


@router.get("/v1/shops/{code}/account", response_model=AccountDocument)
async def get_account(request: Request, code: Code, session: Reading) -> Response:
    """The terms of a shop's account, and which secrets are set and since when."""
    return tagged(request, _bytes_of(await view_account(session, code)))


@router.put("/v1/shops/{code}/account", response_model=AccountDocument)
async def put_shop_account(
    request: Request, code: Code, stated: StatedAccountDocument, caller: Asking, session: Writing
) -> Response:
    """Put a shop's account. The secrets are sealed for this shop, and never given out again."""
    at = datetime.now(UTC)
    view = await put_account(
        session,
        request.app.state.master_keys,
        stated.to_shape(code, at),
        sandbox=request.app.state.settings.sandbox_hosts,
        permit=_permit(request),
        caller=caller,
        at=at,
    )
    body = _bytes_of(view)
    headers = {"ETag": etag_of(body), **PRIVATE}
    return Response(body, headers=headers, media_type="application/json")


@router.delete("/v1/shops/{code}/account", status_code=204)
async def delete_account(
    request: Request, code: Code, caller: Asking, session: Writing
) -> Response:
    """Take a shop's account away: its secrets are gone, and it is pulled no more."""
    at = datetime.now(UTC)
    await drop_account(session, code, permit=_permit(request), caller=caller, at=at)
    return Response(status_code=204)


def _permit(request: Request) -> Permit:
    def permit(there: AccountView | None) -> None:
        check_match(request, None if there is None else etag_of(_bytes_of(there)))

    return permit


def _bytes_of(view: AccountView) -> bytes:
    return AccountDocument.from_shape(view).model_dump_json().encode()
