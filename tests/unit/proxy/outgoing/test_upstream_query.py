import pytest

from gateway.proxy.outgoing.upstream_query import UpstreamQuery

CONFIGURED = UpstreamQuery("/q?tenant=acme&api_key=k")


@pytest.mark.parametrize(("sent", "target"), [("", b"/mcp"), ("a=1&a=2", b"/mcp?a=1&a=2")])
def test_without_configured_parameters_the_callers_pass(sent: str, target: bytes) -> None:
    assert UpstreamQuery("/mcp").target(sent) == target


@pytest.mark.requirement("A10")
@pytest.mark.parametrize(
    ("sent", "target"),
    [
        ("", b"/q?tenant=acme&api_key=k"),
        ("x=1&y=%20", b"/q?tenant=acme&api_key=k&x=1&y=%20"),
        ("tenant=evil&x=1", b"/q?tenant=acme&api_key=k&x=1"),
        ("x=1&&tenants=2", b"/q?tenant=acme&api_key=k&x=1&&tenants=2"),
    ],
)
def test_configured_parameters_stand_first_and_the_rest_follows(sent: str, target: bytes) -> None:
    assert CONFIGURED.target(sent) == target


@pytest.mark.requirement("A10")
@pytest.mark.parametrize(
    "sent",
    [
        "tenant=evil",
        "tenant",
        "Tenant=evil",
        "ten%61nt=evil",
        "+tenant=evil",
        "tenant%00=evil",
        "tenant[]=evil",
        "tenant%5Ba%5D=evil",
        "api.key=evil",
        "api%20key=evil",
        "tenant%FF=evil&api-key=evil",
    ],
)
def test_no_spelling_repeats_a_configured_parameter(sent: str) -> None:
    assert CONFIGURED.target(sent) == b"/q?tenant=acme&api_key=k"


@pytest.mark.requirement("A10")
def test_a_semicolon_hides_none() -> None:
    assert CONFIGURED.target("x=1;tenant=evil&y=2") == b"/q?tenant=acme&api_key=k&y=2"
