"""What follows from the rest."""

from pathlib import Path

import pytest

from gateway.config.model import Config, Server, Tls, Upstream
from gateway.config.reading.complete import complete
from gateway.config.scalars import HostPort
from tests.unit.config.samples import FULL, SHORT, review


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


@pytest.mark.requirement("U2")
@pytest.mark.parametrize(
    ("public_url", "listen"),
    [
        ("http://127.0.0.1:8123", HostPort("127.0.0.1", 8123)),
        ("http://localhost:8123", HostPort("127.0.0.1", 8123)),
        ("http://[::1]:8123", HostPort("::1", 8123)),
        ("http://127.0.0.1", HostPort("127.0.0.1", 80)),
        ("https://localhost:8443", HostPort("127.0.0.1", 8080)),  # somebody else's TLS
        ("https://mcp.example.com:8443", HostPort("127.0.0.1", 8080)),
    ],
)
def test_it_listens_where_a_public_url_of_this_machine_says(
    public_url: str, listen: HostPort
) -> None:
    text = SHORT.replace("https://mcp.example.com", public_url)

    config = review(text).config

    assert config is not None
    assert config.listen == listen


@pytest.mark.requirement("U2")
def test_with_tls_of_its_own_it_listens_where_an_https_url_of_this_machine_says() -> None:
    config = Config(
        public_url="https://localhost:8443",
        tls=Tls(cert_file=Path("a"), key_file=Path("b")),
        issuers={},
        servers={"a": Server(upstream=Upstream(url="http://127.0.0.1:9"))},
    )

    assert complete(config).listen == HostPort("127.0.0.1", 8443)


@pytest.mark.requirement("U2")
def test_listen_wins_over_what_the_public_url_says() -> None:
    text = SHORT.replace("https://mcp.example.com", "http://127.0.0.1:8123")

    config = review(text + "listen: :9000").config

    assert config is not None
    assert config.listen == HostPort("", 9000)
