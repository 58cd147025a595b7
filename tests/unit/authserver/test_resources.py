import pytest

from gateway.authserver.clients.client import Client
from gateway.authserver.resources import ProtectedResource, Resources
from gateway.oauth.errors import InvalidTarget

ONE = ProtectedResource(
    "one",
    "One",
    "https://mcp.example/one",
    "https://mcp.example/one",
    frozenset({"read"}),
    frozenset({"read", "write"}),
)
TWO = ProtectedResource("two", "Two", "urn:two", "https://mcp.example/two")
ALONE, BOTH = Resources([ONE]), Resources([ONE, TWO])
ANY = Client("c", "registered")


@pytest.mark.requirement("63", "90", "91")
@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (["https://mcp.example/one"], "one"),
        (["https://mcp.example/one/"], "one"),
        (["HTTPS://MCP.example/one"], "one"),
        (["urn:two"], "two"),
        (["https://mcp.example/two"], "two"),
        (["https://mcp.example/one", "https://mcp.example/one/"], "one"),
    ],
)
def test_resource_is_found_in_each_of_its_spellings(named: list[str], expected: str) -> None:
    assert BOTH.find(named).name == expected


@pytest.mark.requirement("91")
@pytest.mark.parametrize(
    "named",
    [
        [],
        ["https://mcp.example"],
        ["https://other.example/one"],
        ["https://mcp.example/one#x"],
        ["https://mcp.example/ONE"],
        ["https://mcp.example/one/x"],
        ["https://mcp.example/one?x"],
        ["https://mcp.example/one", "urn:two"],
        ["one"],
        [""],
    ],
)
def test_what_is_none_or_more_than_one_is_refused(named: list[str]) -> None:
    with pytest.raises(InvalidTarget):
        BOTH.find(named)


def test_only_or_default_server_is_meant_by_nothing_and_by_the_origin() -> None:
    default = Resources([ONE, TWO], "two")

    assert ALONE.find([]) is ONE
    assert ALONE.find(["https://mcp.example/"]) is ONE
    assert default.find([]) is TWO
    assert default.find(["https://mcp.example"]) is TWO


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (None, {"read"}),
        ({"offline_access", "openid"}, {"read"}),
        ({"write", "offline_access"}, {"write"}),
        ({"read", "write"}, {"read", "write"}),
    ],
)
def test_scopes_are_narrowed_to_what_the_server_knows(
    asked: set[str] | None, granted: set[str]
) -> None:
    assert ONE.narrow(frozenset(asked) if asked else None, ANY) == granted


def test_client_gets_no_scope_that_its_configuration_leaves_out() -> None:
    client = Client("c", "configured", scopes=frozenset({"write"}))

    assert ONE.narrow(frozenset({"read", "write"}), client) == {"write"}
    assert ONE.narrow(None, client) == frozenset()


def test_title_of_a_server_that_is_gone_is_its_name() -> None:
    assert BOTH.title("one") == "One"
    assert BOTH.title("gone") == "gone"
    assert BOTH.scopes() == {"read"}
