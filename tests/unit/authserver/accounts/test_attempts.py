import pytest

from gateway.authserver.accounts.attempts import LoginAttempts
from gateway.authserver.accounts.refusals import LoginThrottled
from gateway.config.scalars import Rate

HOME, CAFE = "192.0.2.1", "198.51.100.7"
NOW = 1_800_000_000.0


@pytest.fixture
def attempts() -> LoginAttempts:
    return LoginAttempts(pair=Rate(2, 60.0), network=Rate(3, 60.0), account=Rate(4, 3600.0))


def _refusal(attempts: LoginAttempts, name: str, address: str, now: float = NOW) -> LoginThrottled:
    with pytest.raises(LoginThrottled) as caught:
        attempts.begin(name, address, now)
    return caught.value


def test_a_guesser_is_stopped_and_the_person_elsewhere_is_not(attempts: LoginAttempts) -> None:
    attempts.begin("ada", CAFE, NOW)
    attempts.begin("ada", CAFE, NOW)

    refusal = _refusal(attempts, "ada", CAFE)

    assert (refusal.reason, refusal.retry_after_s) == ("too_many_failures", 30)
    attempts.begin("ada", HOME, NOW)


def test_one_network_cannot_try_many_accounts(attempts: LoginAttempts) -> None:
    for host in range(3):
        attempts.begin(f"person{host}", f"2001:db8::{host}", NOW)

    assert _refusal(attempts, "ada", "2001:db8::ffff").reason == "too_many_failures_of_address"


def test_one_account_cannot_be_tried_from_many_networks(attempts: LoginAttempts) -> None:
    for host in range(4):
        attempts.begin("ada", f"192.0.2.{host}", NOW)

    assert _refusal(attempts, "ada", CAFE).reason == "too_many_failures_of_account"


def test_what_was_forgiven_counts_for_nothing(attempts: LoginAttempts) -> None:
    for _ in range(20):
        attempts.begin("ada", HOME, NOW).forgive()

    attempts.begin("ada", HOME, NOW)


def test_a_refused_try_uses_nothing_else_up(attempts: LoginAttempts) -> None:
    for _ in range(2):
        attempts.begin("ada", CAFE, NOW)
    for _ in range(9):
        _refusal(attempts, "ada", CAFE)

    attempts.begin("bob", CAFE, NOW)
    attempts.begin("ada", HOME, NOW)
    attempts.begin("ada", HOME, NOW)


def test_time_gives_tries_back(attempts: LoginAttempts) -> None:
    attempts.begin("ada", CAFE, NOW)
    attempts.begin("ada", CAFE, NOW)

    attempts.begin("ada", CAFE, NOW + 30)

    assert _refusal(attempts, "ada", CAFE, NOW + 31).retry_after_s == 29


def test_no_account_is_tried_more_than_a_hundred_times() -> None:
    """NIST SP 800-63B-4 §3.2.2."""
    attempts = LoginAttempts()
    for host in range(100):
        attempts.begin("ada", f"192.0.2.{host}", NOW)

    assert _refusal(attempts, "ada", CAFE).reason == "too_many_failures_of_account"


def test_many_guessers_do_not_keep_a_person_out_who_logged_in_there_before(
    attempts: LoginAttempts,
) -> None:
    attempts.begin("ada", HOME, NOW).forgive()
    attempts.remember("ada", HOME)
    for host in range(4):
        attempts.begin("ada", f"198.51.100.{host}", NOW)

    refusal = _refusal(attempts, "ada", "203.0.113.1")
    attempts.begin("ada", HOME, NOW)

    assert refusal.reason == "too_many_failures_of_account"


def test_where_a_person_logged_in_before_nobody_tries_for_ever() -> None:
    attempts = LoginAttempts(Rate(99, 60.0), Rate(99, 60.0), Rate(4, 3600.0))
    attempts.remember("ada", HOME)
    for _ in range(4):
        attempts.begin("ada", HOME, NOW)

    assert _refusal(attempts, "ada", HOME).reason == "too_many_failures_of_account"
    attempts.begin("ada", CAFE, NOW)
