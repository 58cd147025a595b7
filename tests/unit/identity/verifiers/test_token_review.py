"""Service account tokens that an API server reviews: Kubernetes authentication.k8s.io/v1."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.config.issuer import Issuer
from gateway.errors import GatewayError, IdentityUnavailable
from gateway.identity.principal import Principal
from gateway.identity.provider.bearer_file import BearerFile
from gateway.identity.verifiers.token_review import TokenReviewVerifier
from tests.support.issuer_service import IssuerService, Scene
from tests.support.token_signer import TokenSigner
from tests.unit.identity.conftest import RESOURCE, Asking

ISSUER = "https://kubernetes.default.svc"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
SUBJECT = "system:serviceaccount:agents:indexer"
OTHER = "https://gateway.example/also-mcp"
NOW = 1_763_900_000.0
USER: dict[str, object] = {
    "username": SUBJECT,
    "uid": "7d2b",
    "groups": ["system:serviceaccounts", "system:authenticated"],
    "extra": {"authentication.kubernetes.io/pod-name": ["indexer-0"]},
}
STATUS: dict[str, object] = {"authenticated": True, "user": USER, "audiences": [RESOURCE]}


class Build:
    """Verifiers of one cluster, and what becomes of a token there."""

    def __init__(self, service: IssuerService, asking: Asking, bearer_file: Path) -> None:
        self._service = service
        self._asking = asking
        self._bearer_file = bearer_file

    def verifier(self, **settings: object) -> TokenReviewVerifier:
        section = {
            "url": f"{self._service.url}{REVIEWS}",
            "bearer_token_file": self._bearer_file,
            "cache": "30s",
        }
        issuer = Issuer.model_validate(
            {"issuer": ISSUER, "jwt": False, "token_review": section} | settings
        )
        bearer = BearerFile(self._bearer_file)
        return TokenReviewVerifier(issuer, [RESOURCE, OTHER], self._asking.provider, bearer)

    def answer(self, status: object, code: int = 201) -> None:
        self._service.scenes[REVIEWS] = Scene({"kind": "TokenReview", "status": status}, code)

    async def outcome(self, **settings: object) -> str:
        try:
            found = await self.verifier(**settings).verify("opaque", NOW)
        except GatewayError as error:
            return error.reason
        return "not mine" if found is None else "accepted"


@pytest.fixture
def bearer_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("gateway-token\n")
    return path


@pytest.fixture
def build(service: IssuerService, asking: Asking, bearer_file: Path) -> Build:
    return Build(service, asking, bearer_file)


async def _accepted(build: Build, token: str = "opaque", **settings: object) -> Principal:  # noqa: S107
    found = await build.verifier(**settings).verify(token, NOW)
    assert found is not None
    return found


async def test_the_token_is_reviewed_for_this_server(service: IssuerService, build: Build) -> None:
    build.answer(STATUS)

    await _accepted(build)

    (asked,) = service.asked
    assert (asked.method, asked.headers["Authorization"]) == ("POST", "Bearer gateway-token")
    assert asked.json == {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": "opaque", "audiences": [OTHER, RESOURCE]},
    }


@pytest.mark.parametrize("code", [200, 201])
async def test_a_reviewed_token_becomes_a_principal(build: Build, code: int) -> None:
    build.answer(STATUS, code)

    found = await _accepted(build)

    assert (found.issuer, found.subject) == (ISSUER, SUBJECT)
    assert found.groups == ("system:serviceaccounts", "system:authenticated")
    assert (found.expires_at, found.remember_s, found.scheme) == (None, 30.0, "token_review")
    assert found.claims == {
        "sub": SUBJECT,
        "uid": "7d2b",
        "groups": USER["groups"],
        "extra": USER["extra"],
        "aud": [RESOURCE],
    }


@pytest.mark.requirement("9")
@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"authenticated": False}, "not mine"),
        ({"authenticated": False, "error": "token has expired"}, "not mine"),
        ({"authenticated": None}, "not mine"),
        ({"authenticated": "true"}, "not mine"),
        ({"authenticated": 1}, "not mine"),
        ({"audiences": None}, "wrong_audience"),
        ({"audiences": []}, "wrong_audience"),
        ({"audiences": RESOURCE}, "wrong_audience"),
        ({"audiences": [ISSUER]}, "wrong_audience"),
        ({"audiences": [ISSUER, OTHER]}, "accepted"),
        ({"user": None}, "missing_claim"),
        ({"user": {"username": ""}}, "missing_claim"),
        ({"user": {"username": SUBJECT}}, "accepted"),
    ],
)
async def test_a_review_must_say_who_and_for_whom(
    build: Build, change: Mapping[str, object], outcome: str
) -> None:
    status = {name: value for name, value in {**STATUS, **change}.items() if value is not None}
    build.answer(status)

    assert await build.outcome() == outcome


async def test_a_review_without_status_accepts_nothing(build: Build) -> None:
    build.answer(None)

    assert await build.outcome() == "not mine"


@pytest.mark.requirement("122", "124")
@pytest.mark.parametrize(
    "scene",
    [
        Scene({"status": STATUS}, 202),
        Scene({"kind": "Status", "code": 401}, 401),
        Scene({"kind": "Status", "code": 403}, 403),
        Scene(status=404),
        Scene(status=307, headers={"Location": "/elsewhere"}),
        Scene(status=503),
        Scene([STATUS]),
        Scene(b"ok"),
    ],
)
async def test_no_sensible_answer_is_no_verdict(
    service: IssuerService, build: Build, scene: Scene
) -> None:
    service.scenes[REVIEWS] = scene

    with pytest.raises(IdentityUnavailable):
        await build.verifier().verify("opaque", NOW)

    assert service.count("/elsewhere") == 0


@pytest.fixture
def emptied(bearer_file: Path) -> None:
    bearer_file.write_text("")


@pytest.mark.requirement("122")
@pytest.mark.usefixtures("emptied")
async def test_without_a_token_of_its_own_the_gateway_asks_nobody(
    service: IssuerService, build: Build
) -> None:
    with pytest.raises(IdentityUnavailable):
        await build.verifier().verify("opaque", NOW)

    assert service.asked == []


async def test_no_cluster_gets_to_see_a_token_that_names_another_issuer(
    service: IssuerService, build: Build, signer: TokenSigner
) -> None:
    found = await build.verifier().verify(signer.token(RESOURCE), NOW)

    assert found is None
    assert service.asked == []


@pytest.mark.parametrize(
    ("exp", "expires_at"), [(NOW + 600, NOW + 600), (None, None), (True, None), (1e300, None)]
)
async def test_no_verdict_outlives_a_token_that_says_when_it_ends(
    build: Build, signer: TokenSigner, exp: object, expires_at: float | None
) -> None:
    build.answer(STATUS)

    found = await _accepted(build, signer.token(RESOURCE, iss=ISSUER, exp=exp))

    assert found.expires_at == expires_at


async def test_callers_are_named_by_rules(build: Build) -> None:
    build.answer(STATUS)
    rules = [{"when": {"sub": "system:serviceaccount:agents:*"}, "subject": "agent"}]

    assert (await _accepted(build, callers=rules)).subject == "agent"
    assert await build.outcome(callers=[rules[0] | {"when": {"uid": "x"}}]) == "unmapped"
    assert await build.outcome(require={"groups": "system:masters"}) == "claim_not_accepted"


async def test_an_issuer_without_the_section_is_a_mistake(
    asking: Asking, bearer_file: Path
) -> None:
    with pytest.raises(ValueError, match="token_review"):
        TokenReviewVerifier(
            Issuer(issuer=ISSUER), [RESOURCE], asking.provider, BearerFile(bearer_file)
        )
