"""What may be configured."""

import pytest
from pydantic import ValidationError

from gateway.config.issuer import Issuer
from gateway.config.model import IDENTITY_HEADERS, Upstream
from tests.unit.config.samples import SHORT, messages, review


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


def test_a_brand_is_read() -> None:
    config = review(f'{SHORT}brand: {{name: Acme, colour: "#0A7D55", contact: room 12}}').config

    assert config is not None
    assert (config.brand.name, config.brand.colour) == ("Acme", "#0a7d55")
    assert config.brand.contact == "room 12"


@pytest.mark.parametrize("colour", ["red", '"#fff"', '"#12345g"', "12", "#0a7d55"])
def test_a_colour_is_six_digits_in_quotes(colour: str) -> None:
    """Without quotes it is a comment, and would be none."""
    (message,) = messages(f"{SHORT}brand:\n  colour: {colour}\n")

    assert 'expected a colour in quotes such as "#2f5bea"' in message


@pytest.mark.parametrize("name", ["''", '"a\\nb"', f"'{'x' * 101}'"])
def test_a_name_is_one_short_line(name: str) -> None:
    assert messages(f"{SHORT}brand: {{name: {name}}}") == [
        "expected one line of 1 to 100 characters"
    ]
