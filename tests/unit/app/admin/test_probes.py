import json

import pytest

from gateway.app.admin.probes import answer_probe
from gateway.observability.health import Readiness
from tests.support.raw_http import exchange
from tests.support.rig import running_rig

NAMES = frozenset({"gateway.monitoring.svc"})


def probe(
    path: str, more: str = "", *, version: str = "1.1", host: str = "127.0.0.1:9090"
) -> bytes:
    return f"GET {path} HTTP/{version}\r\nHost: {host}\r\n{more}\r\n".encode()


def answered(received: bytes, readiness: Readiness) -> tuple[bytes, object] | None:
    answer = answer_probe(received, readiness, NAMES)
    if answer is None:
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.partition(b"\r\n")[0], json.loads(body)


@pytest.mark.parametrize("path", ["/readyz", "/healthz"])
def test_readiness_is_told(path: str) -> None:
    readiness = Readiness("listener")
    not_open = {"listener": {"ready": False, "reason": "starting"}}
    assert answered(probe(path), readiness) == (
        b"HTTP/1.1 503 Service Unavailable",
        {"ready": False, "draining": False, "conditions": not_open},
    )

    readiness.set_ready("listener")

    assert answered(probe(path), readiness) == (
        b"HTTP/1.1 200 OK",
        {"ready": True, "draining": False, "conditions": {"listener": {"ready": True}}},
    )


@pytest.mark.parametrize("host", ["localhost", "[::1]:9090", "gateway.monitoring.svc:9090"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_process_that_is_not_ready_is_alive(host: str, version: str) -> None:
    received = probe("/livez", "User-Agent: kube-probe/1.31\r\n", version=version, host=host)

    assert answered(received, Readiness("listener")) == (b"HTTP/1.1 200 OK", {"status": "ok"})


@pytest.mark.requirement("A13")
@pytest.mark.parametrize(
    "received",
    [
        b"",
        probe("/livez")[:-1],
        probe("/livez") + b"GET",
        probe("/livez") + probe("/livez"),
        probe("/livez").replace(b"GET", b"HEAD"),
        probe("/livez").replace(b"GET", b"POST"),
        probe("/livez").replace(b"\r\n", b"\n"),
        probe("/livez?a=b"),
        probe("/livez/"),
        probe("//livez"),
        probe("http://localhost/livez"),
        probe("/metrics"),
        probe("/"),
        probe("/livez", host="evil.example"),
        probe("/livez", "Host: localhost\r\n"),
        b"GET /livez HTTP/1.1\r\n\r\n",
        b"GET /livez HTTP/1.0\r\n\r\n",
        probe("/livez", "Content-Length: 0\r\n"),
        probe("/livez", "Transfer-Encoding: chunked\r\n"),
        probe("/livez", "Expect: 100-continue\r\n"),
        probe("/livez", "Upgrade: h2c\r\n"),
        probe("/livez", "Bad Name: 1\r\n"),
    ],
)
def test_what_is_not_plainly_a_probe_is_left_to_the_application(received: bytes) -> None:
    assert answered(received, Readiness()) is None


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
async def test_a_probe_reads_the_same_whoever_answers(path: str) -> None:
    async with running_rig() as rig:
        received = probe(path, "Connection: close\r\n")
        await exchange(rig.admin_port, probe("/metrics", "Connection: close\r\n"))  # loads it
        application = await exchange(rig.admin_port, received)
        door = answer_probe(received, Readiness(), NAMES)

    assert door is not None
    assert application.status == 200
    assert application.body.startswith(door.partition(b"\r\n\r\n")[2][:16])
    for name in ("Cache-Control", "Content-Type", "X-Content-Type-Options", "Connection"):
        assert f"\r\n{name}: {application.value(name)}\r\n".encode() in door
