"""What follows from the rest."""

import pytest

from tests.unit.config.samples import FULL, review


def test_a_server_takes_every_issuer_and_its_url_as_resource() -> None:
    config = review(FULL).config

    assert config is not None
    assert config.servers["mcp"].auth.issuers == ("default",)
    assert config.servers["mcp"].resource == "https://mcp.example.com/mcp"
    assert config.default_server == "mcp"


@pytest.mark.requirement("79")
def test_a_configured_resource_stays_exactly_as_it_is() -> None:
    config = review(
        FULL.replace("allow: any", "allow: any, resource: 'HTTPS://Odd.Example/x'")
    ).config

    assert config is not None
    assert config.servers["mcp"].resource == "HTTPS://Odd.Example/x"


def test_a_server_at_the_root_has_no_slash() -> None:
    config = review(FULL.replace("allow: any", "allow: any, path: /")).config

    assert config is not None
    assert config.servers["mcp"].resource == "https://mcp.example.com"


def test_of_several_servers_none_is_the_default_by_itself() -> None:
    two = FULL + "  other: {path: /other, upstream: 'http://b', allow: any}\n"

    config = review(two).config

    assert config is not None
    assert config.default_server is None
