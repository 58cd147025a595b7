"""Django OAuth Toolkit as a real identity provider; prints its issuer once it listens.

Its habits differ from the other provider's: tokens are opaque, introspection answers with
`username` and without `sub`, `iss` and `token_type`, `aud` is always a list and is left out where
no resource was asked for. The one argument is a folder for its database. Any login name is an
account without a password.
"""

import sys

import django
from django.conf import settings

CLIENT_ID = "gateway"
CLIENT_SECRET = "a secret that only the tests know"  # noqa: S105 - and so it is


def configure(folder: str) -> None:
    """What a `settings.py` holds."""
    settings.configure(
        SECRET_KEY="a test needs no secret",  # noqa: S106
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="tests.idp.django_urls",
        LOGIN_URL="/login/",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/provider.db"}
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        OAUTH2_PROVIDER={
            "SCOPES": {"mcp:read": "Read", "mcp:write": "Write", "introspection": "Introspect"},
            "DEFAULT_SCOPES": ["mcp:read"],
            "ACCESS_TOKEN_EXPIRE_SECONDS": 300,
            "DCR_ENABLED": True,
            "DCR_REGISTRATION_PERMISSION_CLASSES": ("oauth2_provider.dcr.AllowAllDCRPermission",),
        },
    )
    django.setup()


def serve() -> None:
    """Make the tables and the gateway's own client, and answer until the process is ended."""
    from django.core.management import call_command
    from django.core.servers.basehttp import (
        ThreadedWSGIServer,
        WSGIRequestHandler,
    )
    from django.core.wsgi import get_wsgi_application
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0)
    Application.objects.create(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(get_wsgi_application())
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    configure(sys.argv[1])
    serve()
