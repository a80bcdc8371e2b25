"""A webhook is known by its signature, byte for byte."""

from services.ingest.sources.webhooks import hash_of, is_genuine


def test_a_body_is_known_by_its_signature() -> None:
    """S2 and W3 of `marketplaces.md`."""
    for body, secret, signature in (
        (
            '{"id":820982911946154508,"note":"谢谢"}',
            "hush",
            "EcwXwsnbrjyL2zQ8xhtHStNikT9JJqR77HqVA7Wyn5U=",
        ),
        (
            '{"id":727,"status":"processing"}',
            "secret",
            "rsMzXfVlGyLHsLI+ivFKWGMblB6ofKyPNkCA3bBGRzY=",
        ),
    ):
        assert is_genuine(body.encode(), signature, secret)
        assert not is_genuine(body.encode() + b" ", signature, secret)
        assert not is_genuine(body.encode(), signature, secret + "x")
        assert not is_genuine(body.encode(), "", secret)
        assert not is_genuine(body.encode(), "é", secret)


def test_the_hash_is_that_of_shopifys_queries_too() -> None:
    """S1 of `marketplaces.md`: the same hash, in hex, over the parameters of a visit."""
    query = (
        b"code=a94a110d86d2452eb3e2af4cfb8a3828&shop=some-shop.myshopify.com&timestamp=1337178173"
    )
    expected = "2cb1a277650a659f1b11e92a4a64275b128e037f2c3390e3c8fd2d8721dac9e2"
    assert hash_of(query, "hush").hex() == expected
    assert hash_of(query, "hushhush").hex() != expected
