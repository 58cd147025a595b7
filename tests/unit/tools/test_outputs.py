"""The schemas of what the gateway's own tools answer."""

import jsonschema
import msgspec
import pytest

from gateway.identity.principal import Principal
from gateway.tools import answers, outputs
from gateway.tools.facts import Call
from tests.unit.tools.test_answers import ISSUER, NOW, facts

ALL: dict[str, type[msgspec.Struct]] = {
    "status": outputs.Status,
    "login_url": outputs.LoginUrl,
    "whoami": outputs.WhoAmI,
    "token": outputs.TokenInfo,
    "refresh": outputs.Refresh,
}


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_schema_is_an_object_and_describes_what_is_answered(name: str) -> None:
    """MCP 2025-11-25, Tools: outputSchema."""
    schema = outputs.schema_of(ALL[name])

    assert schema["type"] == "object"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("groups", [None, ("ops",)])
async def test_an_answer_is_what_its_schema_says(groups: tuple[str, ...] | None) -> None:
    call = Call(Principal(ISSUER, "ada", groups=groups), "the token", {}, NOW)
    for name, output in ALL.items():
        answer = await getattr(answers, name)(facts({}), call)

        jsonschema.validate(msgspec.to_builtins(answer), outputs.schema_of(output))
