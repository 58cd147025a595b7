import pytest

from gateway.client.mcp.arguments import parse_arguments, signature

TOOL = {
    "name": "search",
    "inputSchema": {
        "properties": {
            "query": {"type": "string"},
            "limit": {"type": "integer"},
            "tags": {"type": ["array", "null"]},
            "id": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "any": {},
        },
        "required": ["query"],
    },
}


def test_values_are_read_by_the_schema() -> None:
    pairs = ["query=12", "limit=5", 'tags=["a","b"]', "id=007", "any=x=y", "other=true"]

    assert parse_arguments(pairs, TOOL) == {
        "query": "12",
        "limit": 5,
        "tags": ["a", "b"],
        "id": "007",
        "any": "x=y",
        "other": True,
    }


@pytest.mark.parametrize(
    ("pairs", "advice"),
    [
        (["query"], "expected key=value, got query"),
        (["=x"], "expected key=value"),
        (["query=a", "query=b"], "query is given twice"),
        (["limit=1"], "query is missing; the tool takes query=<string>"),
    ],
)
def test_what_is_wrong_is_told(pairs: list[str], advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        parse_arguments(pairs, TOOL)


def test_signature_shows_what_may_be_left_out() -> None:
    assert signature(TOOL) == (
        "query=<string> [limit=<integer>] [tags=<array|null>] [id=<null|string>] [any=<value>]"
    )


@pytest.mark.parametrize("schema", [None, {}, {"properties": []}, {"required": "x"}])
def test_tool_without_a_usable_schema_takes_anything(schema: object) -> None:
    tool = {"name": "x", "inputSchema": schema}

    assert (signature(tool), parse_arguments(["a=1"], tool)) == ("", {"a": 1})
