import pytest

from gateway.mcp.message import parse_messages
from gateway.mcp.operation import Operation, operation_of

CALL = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"weather"}}'
PING = b'{"jsonrpc":"2.0","id":8,"method":"ping"}'
ANSWER = b'{"jsonrpc":"2.0","id":9,"result":{}}'


@pytest.mark.requirement("43")
def test_one_message_is_the_operation() -> None:
    messages = parse_messages(CALL, batch=False)

    assert operation_of(messages, "2025-06-18") == Operation(
        "tools/call", "weather", 7, "2025-06-18", messages
    )


def test_without_a_message_only_the_revision_is_known() -> None:
    assert operation_of((), "2025-06-18") == Operation(revision="2025-06-18")


@pytest.mark.requirement("30", "43")
def test_a_batch_is_its_first_message_and_has_no_id() -> None:
    messages = parse_messages(b"[" + CALL + b"," + PING + b"]", batch=True)

    assert operation_of(messages, None) == Operation("tools/call", "weather", None, None, messages)


@pytest.mark.requirement("43")
def test_the_id_of_a_response_is_never_the_id_to_answer() -> None:
    assert operation_of(parse_messages(ANSWER, batch=False), None).id is None


@pytest.mark.requirement("A7")
@pytest.mark.parametrize(("method", "listens"), [("subscriptions/listen", True), ("ping", False)])
def test_a_subscription_stays_open(method: str, *, listens: bool) -> None:
    body = PING.replace(b"ping", method.encode())

    assert operation_of(parse_messages(body, batch=False), None).listens is listens
