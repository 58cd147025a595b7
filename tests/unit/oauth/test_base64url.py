"""RFC 7515 §2 and appendix C."""

import pytest

from gateway.oauth.base64url import decode_base64url, encode_base64url


def test_example_of_rfc_7515_decodes() -> None:
    """RFC 7515 appendix C."""
    assert decode_base64url(b"A-z_4ME") == bytes([3, 236, 255, 224, 193])


def test_encoding_has_no_padding() -> None:
    assert encode_base64url(b"a") == b"YQ"


@pytest.mark.requirement("102", "J11")
@pytest.mark.parametrize(
    "text", [b"YQ==", b"YQ=", b" YQ", b"Y Q", b"YQ\r\n", b"Y+Q_", b"Y/Q-", b"Y?Q", b"Y", b"YR"]
)
def test_second_spelling_of_a_value_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="base64url"):
        decode_base64url(text)
