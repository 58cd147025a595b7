import pytest

from gateway.observability.audit.redact import redact, redact_all

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"


@pytest.mark.requirement("20", "O6")
@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"token {JWT} refused", "token [redacted] refused"),
        (f"Authorization: Bearer {JWT}", "Authorization: Bearer [redacted]"),
        ("authorization: bEaReR 0paque-t0ken", "authorization: bEaReR [redacted]"),
        ("Basic dXNlcjpwYXNz!", "Basic [redacted]!"),
        ("GET /mcp?access_token=s3cret&x=1", "GET /mcp?access_token=[redacted]&x=1"),
        ('{"client_secret": "s3cret"}', '{"client_secret": "[redacted]"}'),
        ("token missing for the bearer of this", "token missing for the bearer of this"),
        ("Bearer realm", "Bearer realm"),
    ],
)
def test_credentials_are_replaced_and_their_name_stays(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_cut_token_is_redacted_too() -> None:
    assert redact(JWT[:25]) == "[redacted]"


def test_every_text_inside_a_value_is_redacted() -> None:
    value = {"a": [JWT, 1, None, True, 2.5], JWT: (JWT,), "error": ValueError(JWT)}

    clean = redact_all(value)

    assert clean == {
        "a": ["[redacted]", 1, None, True, 2.5],
        "[redacted]": ["[redacted]"],
        "error": "[redacted]",
    }
