"""Services of others that answer a token with its user, in the shapes that are met in the wild."""

import base64
from collections.abc import Callable, Mapping, Sequence

from tests.support.issuer_service import Asked, IssuerService, Scene

TOKEN = "opaque-token"  # noqa: S105  # what these services know
CLIENT_ID = "Iv1.0123456789abcdef"
CLIENT_SECRET = "client-secret"  # noqa: S105
PAGE_SIZE = 2

Document = Mapping[str, object]


def serve_oidc(service: IssuerService, user: Document) -> str:
    """An OIDC userinfo endpoint (OIDC Core §5.3); the URL of it."""
    return _serve(service, "/userinfo", _for_bearer(user))


def serve_own_user(service: IssuerService, **changes: object) -> str:
    """A home-grown `GET /user`."""
    user = {"id": 42, "email": "ada@example.com", "name": "Ada", "role": "admin"}
    return _serve(service, "/user", _for_bearer(user | changes))


def serve_tokeninfo(service: IssuerService, token: Document) -> str:
    """Takes the token as a form and writes numbers as text."""

    def answer(asked: Asked) -> Scene:
        if asked.method != "POST" or asked.form.get("access_token") != TOKEN:
            return Scene({"error": "invalid_token"}, 400)
        return Scene(token)

    return _serve(service, "/tokeninfo", answer)


def serve_code_forge(
    service: IssuerService, orgs: Sequence[str], teams: Sequence[tuple[str, str]]
) -> str:
    """An API with `/user`, `/user/orgs`, `/user/teams` page by page, and a check of tokens.

    The URL is that of `/user`; `teams` are pairs of an organization and a name.
    """
    user = {"id": 583231, "login": "ada", "name": "Ada", "email": None}
    members = [{"slug": name, "organization": {"login": org}} for org, name in teams]
    serve_pages(service, "/user/orgs", [{"login": org} for org in orgs])
    serve_pages(service, "/user/teams", members)
    serve_token_check(service, CLIENT_ID)
    return _serve(service, "/user", _for_bearer(user))


def serve_pages(service: IssuerService, path: str, members: Sequence[object]) -> str:
    """A list in pages of `PAGE_SIZE`, each of which links to the next: RFC 8288."""

    def answer(asked: Asked) -> Scene:
        page = int(asked.query.removeprefix("page=") or 1)
        shown = members[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        if page * PAGE_SIZE >= len(members):
            return Scene(shown)
        url = f"{service.url}{path}?page"
        links = f'<{url}=1>; rel="first", <{url}={page + 1}>; rel="next"'
        return Scene(shown, headers={"Link": links})

    return _serve(service, path, _only_for_bearer(answer))


def serve_token_check(service: IssuerService, issued_to: str) -> str:
    """Says to one client whether a token is its own; `{client_id}` stands in the URL."""

    def answer(asked: Asked) -> Scene:
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if asked.headers.get("Authorization") != f"Basic {pair}":
            return Scene({"message": "Requires authentication"}, 401)
        if asked.method != "POST" or asked.json != {"access_token": TOKEN}:
            return Scene({"message": "Not Found"}, 404)
        return Scene({"id": 1, "app": {"client_id": issued_to, "name": "app"}})

    _serve(service, f"/applications/{CLIENT_ID}/token", answer)
    return f"{service.url}/applications/{{client_id}}/token"


def _serve(service: IssuerService, path: str, answer: Callable[[Asked], Scene]) -> str:
    service.scenes[path] = answer
    return f"{service.url}{path}"


def _for_bearer(document: Document) -> Callable[[Asked], Scene]:
    return _only_for_bearer(lambda asked: Scene(document))


def _only_for_bearer(answer: Callable[[Asked], Scene]) -> Callable[[Asked], Scene]:
    def guarded(asked: Asked) -> Scene:
        if asked.method != "GET" or asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Scene({"error": "invalid_token"}, 401)
        return answer(asked)

    return guarded
