"""Rules about resources hold for every spelling of a URI that a server may read as the same."""

import pytest

from tests.integration.test_lists import listed, names
from tests.integration.test_rules import error_of, message, server
from tests.support.rig import running_rig

pytestmark = pytest.mark.requirement("A3")

DENIED = [
    "file:///a/private/x.key",
    "file:///a/%70rivate/x.key",
    "file:///a/private/x.ke%79",
    "FILE:///a/private/x.key",
    "file:/a/private/x.key",
    "file://localhost/a/private/x.key",
    "file:///a/private/x.key/",
    "https://H/secret?v=1",
    "https://h:443/s%65cret",
    "note://N/secret#top",
    "note://n/secret/",
]
TWO_READINGS = [
    "file:///a/private/x.key?",
    "file:///a/private/x.key#",
    "file:///a/private/x.key?.txt",
    "file:///a/private%2fx.key",
    "file:///a/private/x.key%00",
    "file:///a/private/x.key%00.txt",
    "file:///a//private/x.key",
    "file:///a/./private/x.key",
    "file:///b/%2E%2e/a/private/x.key",
    "file:///a/%2570rivate/x.key",
    "file:a/private/x.key",
    "https://h/secret?",
    "https://u@h/secret",
    "https://h/secret;v",
]
RULES = server(
    'resources: ["file:///a/private/*.key", "https://h/secret", "note://n/secret"], allow: nobody',
    'resources: ["*"], allow: any',
)


def asking(uri: str) -> list[bytes]:
    """Every message that names a resource."""
    return [
        message("resources/read", {"uri": uri}),
        message("resources/subscribe", {"uri": uri}),
        message("resources/unsubscribe", {"uri": uri}),
        message("completion/complete", {"ref": {"type": "ref/resource", "uri": uri}}),
        message("subscriptions/listen", {"notifications": {"resourceSubscriptions": [uri]}}),
    ]


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        *((uri, "nobody_allowed") for uri in DENIED),
        *((uri, "ambiguous_name") for uri in TWO_READINGS),
    ],
)
async def test_another_spelling_of_a_forbidden_resource_is_forbidden(uri: str, reason: str) -> None:
    async with running_rig(server=RULES) as rig:
        for body in asking(uri):
            response = await rig.call(body=body)

            assert response.status == 403, body
            data = error_of(response)["data"]
            assert isinstance(data, dict)
            assert data["reason"] == reason
        rig.upstream.assert_untouched()


@pytest.mark.parametrize("uri", ["file:///a/secret?.txt", "x:secret#.txt", "x:secret?.txt"])
async def test_what_a_server_may_overlook_does_not_open_what_is_not_allowed(uri: str) -> None:
    async with running_rig(server=server('resources: ["*.txt"], allow: any')) as rig:
        response = await rig.call(body=message("resources/read", {"uri": uri}))

        assert response.status == 403
        rig.upstream.assert_untouched()


@pytest.mark.parametrize(
    "uri",
    [
        "FILE:///pub/%61",
        "file:///pub/",
        "https://H/search?q=a%26b",
        "note://n/p#part",
        "file:/pub/a",
    ],
)
async def test_what_is_allowed_goes_on_in_the_very_bytes_that_came(uri: str) -> None:
    rules = server('resources: ["file:///pub/*", "https://h/search?q=*", "note://n/*"], allow: any')
    async with running_rig(server=rules) as rig:
        body = message("resources/read", {"uri": uri})
        response = await rig.call(body=body)

        assert response.status == 200
        assert rig.upstream.last.body == body


async def test_a_list_shows_the_spellings_that_can_be_read() -> None:
    uris = [*DENIED, *TWO_READINGS, "file:///a/%70ublic"]
    templates = ["file:///a/private/{name}.key", "FILE:///a/{x}", "https://h/s%65cret{?v}", "x:{a}"]
    async with running_rig(server=RULES) as rig:
        resources = listed("resources", [{"uri": uri} for uri in uris])
        assert await names(rig, "resources/list", "resources", resources) == ["file:///a/%70ublic"]
        reply = listed("resourceTemplates", [{"uriTemplate": each} for each in templates])
        shown = await names(rig, "resources/templates/list", "resourceTemplates", reply)

        assert shown == ["FILE:///a/{x}", "x:{a}"]
        for template in templates:
            asked = {"ref": {"type": "ref/resource", "uri": template}}
            response = await rig.call(body=message("completion/complete", asked))
            assert (response.status == 200) is (template in shown)
