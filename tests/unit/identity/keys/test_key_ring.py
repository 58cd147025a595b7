"""Which key signs and which are published: no rotation leaves a gap."""

from joserfc.jwk import OKPKey

from gateway.identity.keys.key_ring import (
    PUBLISH_AFTER_S,
    PUBLISH_AHEAD_S,
    RingKey,
    needs_new_key,
    signing_key,
    without_retired,
)

KEY = OKPKey.generate_key("Ed25519")
MONTH_S = 30 * 86400.0


def _key(name: str, created_at: float) -> RingKey:
    return RingKey(name, "EdDSA", created_at, KEY)


def test_a_key_is_published_before_it_signs() -> None:
    keys = [_key("old", 0), _key("new", 10_000)]

    assert signing_key(keys, 10_000).kid == "old"
    assert signing_key(keys, 10_000 + PUBLISH_AHEAD_S - 1).kid == "old"
    assert signing_key(keys, 10_000 + PUBLISH_AHEAD_S).kid == "new"


def test_the_first_key_signs_at_once() -> None:
    assert signing_key([_key("only", 100)], 100).kid == "only"


def test_a_key_that_signed_stays_until_nobody_can_hold_its_work() -> None:
    keys = [_key("old", 0), _key("new", 10_000)]
    switched = 10_000 + PUBLISH_AHEAD_S

    assert len(without_retired(keys, switched + PUBLISH_AFTER_S - 1)) == 2
    assert [key.kid for key in without_retired(keys, switched + PUBLISH_AFTER_S)] == ["new"]


def test_a_new_key_is_due_when_the_newest_is_old() -> None:
    assert needs_new_key([], 0, MONTH_S)
    assert not needs_new_key([_key("a", 0)], MONTH_S - 1, MONTH_S)
    assert needs_new_key([_key("a", 0)], MONTH_S, MONTH_S)


def test_no_secret_is_published() -> None:
    public = _key("a", 0).public()

    assert set(public) == {"kty", "crv", "x", "kid", "use", "alg"}
    assert "PRIVATE" not in repr(_key("a", 0))
