"""What an expression sees of a call, and that it never lets pass what it cannot judge."""

import pytest

from gateway.identity.principal import Principal
from gateway.policy.expression import Expression, ExpressionFailed

ADA = Principal(
    "https://idp.example.com",
    "ada",
    client_id="cli",
    email="ada@example.com",
    email_verified=True,
    scopes=frozenset({"read"}),
    groups=("staff",),
)


@pytest.mark.parametrize(
    "text",
    [
        'args.path.startsWith("/data/")',
        'args.path.matches("^/data/[a-z]+$")',
        "args.n == 3 && args.n > 2.5",
        "args.items.all(x, x < 10)",
        'tool == "write"',
        "args.owner == caller.email",
        '"staff" in caller.groups && "read" in caller.scopes',
        "!has(args.force)",
    ],
)
def test_it_sees_arguments_tool_and_caller(text: str) -> None:
    arguments = {"path": "/data/a", "n": 3, "items": [1, 9], "owner": "ada@example.com"}

    assert Expression(text).holds(arguments, "write", ADA) is True


@pytest.mark.parametrize(
    "text",
    ["args.missing == 1", "args.n", "nope(args)", '"a" < 1', "args.n / 0 == 1", "caller.groups"],
)
def test_what_is_neither_true_nor_false_fails(text: str) -> None:
    with pytest.raises(ExpressionFailed):
        Expression(text).holds({"n": 1}, "write", ADA)


def test_groups_that_nobody_knows_are_not_an_empty_list() -> None:
    unknown = Principal("https://idp.example.com", "ada", groups=None)

    with pytest.raises(ExpressionFailed):
        Expression('!("banned" in caller.groups)').holds({}, "write", unknown)


def test_somebody_without_a_token_is_null() -> None:
    assert Expression("caller == null").holds({}, "write", None) is True


@pytest.mark.requirement("A16")
def test_an_address_that_nobody_verified_is_null() -> None:
    unverified = Principal("https://idp.example.com", "ada", email="ada@example.com")

    assert Expression("caller.email == null").holds({}, "write", unverified) is True
