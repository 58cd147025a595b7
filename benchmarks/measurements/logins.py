"""What logins at the built-in authorization server cost, and calls with its tokens."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.clients.load import Load, Round, Target
from benchmarks.clients.logins import LoginClient, ask_for_token, register
from benchmarks.clients.tokens import ISSUER, SCOPE, SigningIssuer
from benchmarks.rig import Rig, need_program
from benchmarks.targets.gateway import RunningGateway, running_configured, server_settings
from benchmarks.targets.upstream import running_upstream
from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.account_file import dump_accounts
from gateway.authserver.accounts.password import hash_password, is_right_password, normal_password

AT_ONCE = 4
_PASSWORD = "correct horse battery staple"  # noqa: S105  # of an account that lives for seconds
_SECRET = "a secret of the benchmark"  # noqa: S105  # the same
_OWN, _OTHER = "own", "other"


@dataclass(frozen=True, slots=True)
class StepCost:
    """One step: how many a second with four at once, and the gateway's CPU for each."""

    per_s: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class LoginCosts:
    """By step; `calls` are rounds of load by whose token they bring."""

    steps: Mapping[str, StepCost]
    password_ms: float
    calls: Mapping[str, Sequence[Round]]
    load_average: float

    @property
    def ratio(self) -> float:
        """CPU of a call with a token of the gateway's own by that of one of another issuer.

        Of the middle pair: the two loads of a pair follow each other closely.
        """
        pairs = zip(self.calls[_OWN], self.calls[_OTHER], strict=True)
        return median(
            own.cpu_us / other.cpu_us for own, other in pairs if own.cpu_us and other.cpu_us
        )


def measure_logins(rig: Rig, *, seconds: int, rounds: int) -> LoginCosts:
    """Log in, refresh and issue for a while each, and call with what came of it."""
    load_average = os.getloadavg()[0]
    hashed = hash_password(_PASSWORD)
    accounts = rig.directory / "accounts.yaml"
    accounts.write_text(dump_accounts([Account("ada", "ada", hashed)]))
    accounts.chmod(0o600)
    with running_upstream(rig.directory) as (_, upstream_port):
        settings = _settings(rig.issuer, upstream_port, accounts)
        with running_configured(rig.directory, settings) as gateway:
            steps, token = asyncio.run(_steps(gateway, seconds))
            calls = _calls(rig, gateway, token, (seconds, rounds))
    return LoginCosts(steps, _password_ms(hashed), calls, load_average)


def _settings(
    issuer: SigningIssuer, upstream_port: int, accounts: Path
) -> Callable[[int], Mapping[str, object]]:
    def settings(port: int) -> Mapping[str, object]:
        origin = f"http://127.0.0.1:{port}"
        auth = {
            "issuers": ["local", "bench"],
            "scopes": [SCOPE],
            "audiences": [issuer.audience, f"{origin}/mcp"],
        }
        return {
            "issuers": {
                "local": {"issuer": origin, "local": True},
                "bench": {"issuer": ISSUER, "jwks": {"file": str(issuer.jwks_file)}},
            },
            "servers": {"bench": server_settings(issuer, upstream_port) | {"auth": auth}},
            "authorization_server": {
                "accounts": {"file": str(accounts)},
                "clients": {"robot": {"client_secret": _SECRET, "grants": ["client_credentials"]}},
            },
        }

    return settings


async def _steps(gateway: RunningGateway, seconds: int) -> tuple[Mapping[str, StepCost], str]:
    """The costs, and an access token of a person."""
    origin = f"http://127.0.0.1:{gateway.port}"
    client_id = await register(origin)
    person = LoginClient(origin, client_id, "ada", _PASSWORD)
    tokens = [dict(await person.log_in()) for _ in range(AT_ONCE)]
    robot = {"grant_type": "client_credentials", "client_id": "robot", "client_secret": _SECRET}

    async def log_in(index: int) -> None:
        await person.log_in()

    async def refresh(index: int) -> None:
        form = {"grant_type": "refresh_token", "client_id": client_id}
        form["refresh_token"] = tokens[index]["refresh_token"]
        tokens[index] = dict(await ask_for_token(origin, form))

    async def issue(index: int) -> None:
        await ask_for_token(origin, robot)

    steps = {
        "login": await _cost(gateway, log_in, seconds),
        "refresh": await _cost(gateway, refresh, seconds),
        "client_credentials": await _cost(gateway, issue, seconds),
    }
    return steps, tokens[0]["access_token"]


async def _cost(
    gateway: RunningGateway, step: Callable[[int], Awaitable[None]], seconds: int
) -> StepCost:
    cpu_s, began = gateway.process.cpu_s(), time.monotonic()

    async def repeat(index: int) -> int:
        count = 0
        while time.monotonic() < began + seconds:
            await step(index)
            count += 1
        return count

    count = sum(await asyncio.gather(*map(repeat, range(AT_ONCE))))
    elapsed_s = time.monotonic() - began
    return StepCost(count / elapsed_s, (gateway.process.cpu_s() - cpu_s) / count * 1e3)


def _calls(
    rig: Rig, gateway: RunningGateway, token: str, limits: tuple[int, int]
) -> Mapping[str, Sequence[Round]]:
    seconds, rounds = limits
    wrk, target = need_program("wrk"), Target("gateway", gateway.port, gateway.process)
    loads = {
        _OWN: Load(wrk, rig.write_tokens("own-token", [token])),
        _OTHER: Load(wrk, rig.write_tokens("other-token", [rig.issuer.token()])),
    }
    seen: dict[str, list[Round]] = {name: [] for name in loads}
    for load in loads.values():
        load.run(target, 1)
    for index in range(rounds):
        # In turns, so that a machine that slows down slows both alike.
        for name in (_OWN, _OTHER) if index % 2 else (_OTHER, _OWN):
            seen[name].append(loads[name].run(target, seconds))
    return seen


def _password_ms(hashed: str) -> float:
    began = time.process_time()
    is_right_password(hashed, normal_password(_PASSWORD))
    return (time.process_time() - began) * 1e3
