"""Headers that repeat arguments: which are wanted, and when they agree."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.errors import HeaderMismatch
from gateway.mcp.parameter_headers import (
    ParameterHeader,
    check_parameter_headers,
    has_parameter_headers,
    has_wrong_annotations,
    parameter_headers,
)

REGION = {"type": "string", "x-mcp-header": "Region"}
WANTED = [
    ParameterHeader("Mcp-Param-Region", ("region",)),
    ParameterHeader("Mcp-Param-Depth", ("options", "depth")),
    ParameterHeader("Mcp-Param-Dry", ("dry",)),
]


def tool(properties: object) -> dict[str, object]:
    return {"name": "a", "inputSchema": {"type": "object", "properties": properties}}


def headers(*lines: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(lines))


def test_annotations_are_found_along_properties_only() -> None:
    depth = {"type": ["integer", "null"], "x-mcp-header": "Depth"}
    properties = {
        "region": REGION,
        "options": {"type": "object", "properties": {"depth": depth}},
        "list": {"type": "array", "items": REGION | {"x-mcp-header": "Not-Reached"}},
        "plain": {"type": "string"},
    }

    assert parameter_headers(tool(properties)) == tuple(WANTED[:2])


@pytest.mark.parametrize(
    "properties",
    [
        None,
        [],
        {"a": True},
        {"region": REGION, "other": REGION | {"x-mcp-header": "REGION"}},
        {"region": REGION | {"x-mcp-header": ""}},
        {"region": REGION | {"x-mcp-header": "a b"}},
        {"region": REGION | {"x-mcp-header": "a\r\nb"}},
        {"region": REGION | {"x-mcp-header": 7}},
        {"region": REGION, "n": {"type": "number", "x-mcp-header": "N"}},
        {"region": REGION, "n": {"x-mcp-header": "N"}},
        {"region": REGION, "n": {"type": "null", "x-mcp-header": "N"}},
        {"region": REGION, "n": {"type": ["string", {}], "x-mcp-header": "N"}},
    ],
)
def test_a_schema_that_is_wrong_about_it_wants_nothing(properties: object) -> None:
    assert parameter_headers(tool(properties)) == ()


def test_client_leaves_out_what_asks_wrongly_and_keeps_what_asks_for_nothing() -> None:
    assert has_wrong_annotations(tool({"n": {"type": "null", "x-mcp-header": "N"}}))
    assert not has_wrong_annotations(tool({"region": REGION}))
    assert not has_wrong_annotations(tool(None))


def test_only_such_headers_ask_for_the_schema() -> None:
    assert has_parameter_headers(headers(("mcp-PARAM-x", "1")))
    assert not has_parameter_headers(headers(("Mcp-Name", "x"), ("X-Mcp-Param-Y", "1")))


@pytest.mark.requirement("33", "34", "35")
@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ({}, []),
        ({"region": None}, []),
        ({"region": "us-west1"}, [("mcp-param-region", "us-west1")]),
        ({"region": "Hello, 世界"}, [("Mcp-Param-Region", "=?base64?SGVsbG8sIOS4lueVjA==?=")]),
        ({"region": "=?base64?literal?="},
         [("Mcp-Param-Region", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=")]),
        ({"options": {"depth": 42}}, [("Mcp-Param-Depth", "42")]),
        ({"options": {"depth": 42}}, [("Mcp-Param-Depth", "42.0")]),
        ({"options": {"depth": 42.0}}, [("Mcp-Param-Depth", "42")]),
        ({"options": {"depth": -7}}, [("Mcp-Param-Depth", "-7")]),
        ({"dry": True}, [("Mcp-Param-Dry", "true")]),
        ({}, [("Mcp-Param-Unknown", "\x00 whatever")]),
    ],
)  # fmt: skip
def test_headers_that_agree_pass(
    arguments: dict[str, object], lines: list[tuple[str, str]]
) -> None:
    check_parameter_headers(WANTED, arguments, headers(*lines))


@pytest.mark.requirement("33", "35")
@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ({"region": "us-west1"}, []),
        ({"region": "us-west1"}, [("Mcp-Param-Region", "us-east1")]),
        ({"region": "us-west1"}, [("Mcp-Param-Region", "US-WEST1")]),
        ({"region": "us-west1"}, [("Mcp-Param-Region", "us-west1")] * 2),
        ({"region": "é"}, [("Mcp-Param-Region", "é")]),
        ({"region": "a"}, [("Mcp-Param-Region", "=?base64?YQ?=")]),
        ({}, [("Mcp-Param-Region", "us-west1")]),
        ({"region": None}, [("Mcp-Param-Region", "null")]),
        ({"region": ["us-west1"]}, []),
        ({"region": {"x": 1}}, [("Mcp-Param-Region", "x")]),
        ({"options": {"depth": 42}}, [("Mcp-Param-Depth", "42.5")]),
        ({"options": {"depth": 42.5}}, [("Mcp-Param-Depth", "42")]),
        ({"options": {"depth": 42}}, [("Mcp-Param-Depth", "4\u0662")]),
        ({"options": {"depth": 42}}, [("Mcp-Param-Depth", "0x2a")]),
        ({"options": 7}, [("Mcp-Param-Depth", "42")]),
        ({"dry": True}, [("Mcp-Param-Dry", "True")]),
        ({"dry": True}, [("Mcp-Param-Dry", "1")]),
    ],
)
def test_headers_that_differ_do_not(
    arguments: dict[str, object], lines: list[tuple[str, str]]
) -> None:
    with pytest.raises(HeaderMismatch):
        check_parameter_headers(WANTED, arguments, headers(*lines))
