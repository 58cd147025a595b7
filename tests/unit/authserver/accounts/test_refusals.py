from gateway.authserver.accounts.refusals import LoginRefused


def test_every_reason_has_the_same_words() -> None:
    told = {str(LoginRefused(reason=each)) for each in ("unknown_account", "wrong_code")}

    assert len(told) == 1
