"""What may be configured."""

import pytest
from pydantic import ValidationError

from gateway.config.issuer import Issuer
from gateway.config.model import IDENTITY_HEADERS, Upstream


def test_a_configuration_never_changes() -> None:
    upstream = Upstream.model_validate("http://a/mcp")

    with pytest.raises(ValidationError):
        upstream.url = "http://b"  # type: ignore[misc]  # that is the point


def test_an_upstream_may_be_just_its_url() -> None:
    assert Upstream.model_validate("http://a/mcp") == Upstream(url="http://a/mcp")


@pytest.mark.requirement("106", "J1", "J2")
@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "rs256", "ES256K", ""])
def test_only_asymmetric_algorithms_can_be_configured(algorithm: str) -> None:
    with pytest.raises(ValidationError):
        Issuer.model_validate({"issuer": "https://a", "algorithms": [algorithm]})


@pytest.mark.requirement("97")
def test_clock_skew_is_a_few_minutes_at_most() -> None:
    with pytest.raises(ValidationError):
        Issuer.model_validate({"issuer": "https://a", "clock_skew": "6m"})


def test_every_identity_header_has_a_name_of_its_own() -> None:
    assert len({name.lower() for name in IDENTITY_HEADERS}) == len(IDENTITY_HEADERS) == 8
