"""How a seller's software signs in at TOP and its like: keys made up for the demo."""

from dataclasses import dataclass, field
from hashlib import sha256

from sandbox.shops import MARKETPLACE_SHOPS

APP_KEY = "21000042"
APP_SECRET = sha256(b"qinghe sandbox app").hexdigest()[:32]


@dataclass(slots=True)
class Account:
    """What a gateway knows of the application that calls it, and of the shops that let it in."""

    app_key: str = APP_KEY
    secret: str = APP_SECRET
    sessions: dict[str, str] = field(
        default_factory=lambda: {session_of(shop.code): shop.code for shop in MARKETPLACE_SHOPS}
    )
    """The shop that a session opens; a session taken away is expired."""

    @classmethod
    def of(cls, marketplace: str) -> "Account":
        """At one marketplace alone."""
        shops = [shop.code for shop in MARKETPLACE_SHOPS if shop.marketplace == marketplace]
        return cls(sessions={session_of(code): code for code in shops})


def session_of(shop: str) -> str:
    """The session that a seller's consent gave for a shop."""
    return "6100" + sha256(f"qinghe sandbox session {shop}".encode()).hexdigest()[:44]


def sign_in_at(url: str, shop: str) -> dict[str, object]:
    """What a seller's software knows of a shop at a marketplace of this kind."""
    return {
        "gateway": url,
        "app_key": APP_KEY,
        "secret": APP_SECRET,
        "session": session_of(shop),
    }
