"""RFC 6238, with the vectors of appendix B cut to six digits."""

from collections.abc import Mapping

import pytest

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.one_time_codes import CodeSecrets, OneTimeCodes, app_uri
from gateway.authserver.accounts.refusals import LoginRefused
from gateway.errors import IdentityUnavailable
from gateway.sealing.seal import Seal
from gateway.store.memory import MemoryStore
from gateway.store.unavailable import StoreUnavailable
from tests.support.hand_clock import HandClock

SECRET = b"12345678901234567890"
SECRETS = CodeSecrets(Seal(bytes(32)))
NOW = 1111111109.0
CODE = "081804"
PLAIN = Account("ada", "ada", "")
ADA = Account("ada", "ada", "", code_secret=SECRETS.close(SECRET, "ada", NOW))


class LostStore(MemoryStore):
    """A store that went away."""

    async def add(self, kind: str, key: str, value: bytes, expires_at: float | None) -> bool:
        raise StoreUnavailable("gone")


@pytest.fixture
def time() -> HandClock:
    return HandClock(NOW)


@pytest.fixture
def codes(time: HandClock) -> OneTimeCodes:
    return OneTimeCodes(SECRETS, MemoryStore(lambda: time.wall), lambda: time.wall)


async def _reason(codes: OneTimeCodes, code: str, account: Account = ADA) -> str:
    with pytest.raises(LoginRefused) as caught:
        await codes.check(account, code)
    return caught.value.reason


VECTORS: Mapping[float, str] = {
    59.0: "287082",
    1111111109.0: "081804",
    1111111111.0: "050471",
    1234567890.0: "005924",
    2000000000.0: "279037",
    20000000000.0: "353130",
}


@pytest.mark.parametrize(("now", "code"), VECTORS.items())
async def test_codes_are_those_of_the_rfc(
    codes: OneTimeCodes, time: HandClock, now: float, code: str
) -> None:
    time.wall = now

    await codes.check(ADA, code)


async def test_an_account_without_a_secret_needs_no_code(codes: OneTimeCodes) -> None:
    await codes.check(PLAIN, "")


async def test_a_code_may_be_typed_in_two_groups(codes: OneTimeCodes) -> None:
    await codes.check(ADA, " 081 804 ")


@pytest.mark.parametrize("late_s", [-30.0, 30.0])
async def test_a_clock_may_be_one_step_off(
    codes: OneTimeCodes, time: HandClock, late_s: float
) -> None:
    time.wall += late_s

    await codes.check(ADA, CODE)


@pytest.mark.parametrize("late_s", [-60.0, 60.0])
async def test_no_more_than_one(codes: OneTimeCodes, time: HandClock, late_s: float) -> None:
    time.wall += late_s

    assert await _reason(codes, CODE) == "wrong_code"


@pytest.mark.parametrize("late_s", [0.0, 29.0, 30.0])
async def test_a_code_is_good_once(codes: OneTimeCodes, time: HandClock, late_s: float) -> None:
    """RFC 6238 §5.2."""
    await codes.check(ADA, CODE)
    time.wall += late_s

    assert await _reason(codes, CODE) == "used_code"


async def test_a_code_that_another_used_is_not_used_up(codes: OneTimeCodes) -> None:
    eve = Account("eve", "eve", "", code_secret=SECRETS.close(SECRET, "eve", NOW))
    await codes.check(eve, CODE)

    await codes.check(ADA, CODE)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "missing_code"),
        ("081805", "wrong_code"),
        ("07081804", "wrong_code"),
        ("81804", "wrong_code"),
        ("\u0660\u0661\u0662\u0663\u0664\u0665", "wrong_code"),
        ("0x1804", "wrong_code"),
    ],
)
async def test_anything_else_is_no_code(codes: OneTimeCodes, code: str, reason: str) -> None:
    assert await _reason(codes, code) == reason


@pytest.mark.parametrize(
    "sealed",
    [
        SECRETS.close(SECRET, "eve", NOW),
        CodeSecrets(Seal(b"1" * 32)).close(SECRET, "ada", NOW),
        "x",
    ],
    ids=["of another account", "of another key", "no seal"],  # the same in every process
)
async def test_a_secret_of_another_account_or_key_opens_nothing(
    codes: OneTimeCodes, sealed: str
) -> None:
    account = Account("ada", "ada", "", code_secret=sealed)

    assert await _reason(codes, CODE, account) == "unreadable_code_secret"


async def test_a_code_that_cannot_be_marked_is_not_taken(time: HandClock) -> None:
    codes = OneTimeCodes(SECRETS, LostStore(), lambda: time.wall)

    with pytest.raises(IdentityUnavailable):
        await codes.check(ADA, CODE)


def test_apps_are_told_all_that_they_must_know() -> None:
    uri = app_uri(SECRET, "ada", "mcp.example.com")

    assert uri.startswith("otpauth://totp/mcp.example.com:ada?")
    for part in ("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "digits=6", "period=30"):
        assert part in uri
