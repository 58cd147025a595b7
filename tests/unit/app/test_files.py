"""Files that a configuration names, opened before they are needed."""

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.app.files import find_bad_files, look_at_files
from gateway.cli.config import command
from gateway.config.load import review_text
from gateway.config.model import Config
from gateway.config.reading.problems import path_text
from gateway.errors import ConfigError
from tests.support.certificates import make_certificate

pytestmark = pytest.mark.requirement("U5")

TEXT = """\
public_url: https://mcp.example.com
issuers: {corp: {issuer: "https://idp.example.com"ISSUER}}
servers: {mcp: {upstream: {url: "https://127.0.0.1:9/mcp"UPSTREAM}, allow: any}}
"""


def read(folder: Path, *, issuer: str = "", upstream: str = "", more: str = "") -> Config:
    text = TEXT.replace("ISSUER", issuer).replace("UPSTREAM", upstream) + more
    found = review_text(text, folder, {}, "config.yaml").config
    assert found is not None
    return found


def told(config: Config) -> dict[str, str]:
    return {path_text(each.path): each.message for each in find_bad_files(config, time.time())}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_certificate(tmp_path, "mcp.example.com")
    make_certificate(tmp_path, "mcp.example.com", name="other")
    make_certificate(tmp_path, "mcp.example.com", name="old", valid_for=timedelta(hours=-1))
    make_certificate(tmp_path, "mcp.example.com", name="early", valid_for=timedelta(days=9))
    (tmp_path / "text").write_text("no pem\n", encoding="utf-8")
    (tmp_path / "empty").write_text("", encoding="utf-8")
    (tmp_path / "large").write_bytes(b"x" * 2_000_000)
    (tmp_path / "two").write_text("a\nb\n", encoding="utf-8")
    both = (tmp_path / "server.pem").read_bytes() + (tmp_path / "server.key").read_bytes()
    (tmp_path / "both.pem").write_bytes(both)
    return tmp_path


def test_good_files_are_good(folder: Path) -> None:
    (folder / "revoked.yaml").write_text("revocations: []", encoding="utf-8")
    config = read(
        folder,
        issuer=", ca_file: server.pem",
        upstream=", ca_file: other.pem, client_cert_file: both.pem, credential: {header:"
        " {value_file: text}}",
        more="tls: {cert_file: server.pem, key_file: server.key}\n"
        "revocations: {file: revoked.yaml}\n",
    )

    assert told(config) == {}
    look_at_files(config)


@pytest.mark.parametrize(
    ("cert", "key", "path", "message"),
    [
        ("nope", "server.key", "tls.cert_file", "nope: No such file or directory"),
        ("server.pem", "nope", "tls.key_file", "nope: No such file or directory"),
        (".", "server.key", "tls.cert_file", "Is a directory"),
        ("text", "server.key", "tls.cert_file", "text: no certificate in PEM form"),
        ("server.pem", "text", "tls.key_file", "text: no private key in PEM form"),
        ("server.pem", "server.pem", "tls.key_file", "server.pem: no private key in PEM form"),
        ("server.pem", "other.key", "tls.key_file", "other.key: not the key of the certificate in"),
        ("old.pem", "old.key", "tls.cert_file", "old.pem: the certificate expired on 20"),
        ("early.pem", "early.key", "tls.cert_file", "the certificate is not valid before 20"),
        ("large", "server.key", "tls.cert_file", "large: more than 1048576 bytes"),
    ],
)
def test_a_certificate_that_cannot_serve_is_told(
    folder: Path, cert: str, key: str, path: str, message: str
) -> None:
    config = read(folder, more=f"tls: {{cert_file: {cert}, key_file: {key}}}\n")

    found = told(config)

    assert list(found) == [path]
    assert message in found[path]


def test_a_key_with_a_password_is_told(folder: Path) -> None:
    done = subprocess.run(  # noqa: S603  # OpenSSL makes what a person would have
        ["/usr/bin/openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-aes256", "-pass", "pass:x", "-out", str(folder / "locked.key")],
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    config = read(folder, more="tls: {cert_file: server.pem, key_file: locked.key}\n")

    assert "the key has a password" in told(config)["tls.key_file"]


@pytest.mark.parametrize(
    ("issuer", "upstream", "more", "path", "message"),
    [
        (", ca_file: text", "", "", "issuers.corp.ca_file", "no certificate in PEM form"),
        (", ca_file: old.pem", "", "", "issuers.corp.ca_file", "the certificate expired"),
        ("", ", ca_file: nope", "", "servers.mcp.upstream.ca_file", "No such file"),
        (
            "",
            ", client_cert_file: server.pem, client_key_file: other.key",
            "",
            "servers.mcp.upstream.client_key_file",
            "not the key of",
        ),
        (
            "",
            ", client_cert_file: server.pem",
            "",
            "servers.mcp.upstream.client_cert_file",
            "no private key",
        ),
        (
            "",
            ", credential: {header: {value_file: empty}}",
            "",
            "servers.mcp.upstream.credential.header.value_file",
            "one line",
        ),
        (", jwks: {file: text}", "", "", "issuers.corp.jwks.file", "text: "),
        (", jwks: {file: nope}", "", "", "issuers.corp.jwks.file", "No such file"),
        (
            ", jwks: {bearer_token_file: two}",
            "",
            "",
            "issuers.corp.jwks.bearer_token_file",
            "one line",
        ),
        (
            ", introspection: {client_id: a, client_auth: private_key_jwt, client_key_file: text}",
            "",
            "",
            "issuers.corp.introspection.client_key_file",
            "not a private key for ES256",
        ),
        ("", "", "api_keys: {file: text}", "api_keys.file", "text: "),
        ("", "", "api_keys: {file: nope}", "api_keys.file", "No such file"),
        ("", "", "brand: {logo_file: text}", "brand.logo_file", "expected a PNG, JPEG"),
        ("", "", "brand: {logo_file: nope}", "brand.logo_file", "No such file"),
        ("", "", "brand: {logo_file: large}", "brand.logo_file", "a logo has at most 65536"),
        ("", "", "revocations: {file: text}", "revocations.file", "expected `revocations:`"),
        ("", "", "revocations: {file: nope}", "revocations.file", "nobody gets in"),
        (
            "",
            "",
            "assertion_keys: {files: [text]}",
            "assertion_keys.files[0]",
            "not a private key in PEM form for EdDSA",
        ),
        ("", "", "store: {url: 'rediss://a', ca_file: text}", "store.ca_file", "no certificate"),
    ],
)
def test_every_file_is_opened(  # a table
    folder: Path, issuer: str, upstream: str, more: str, path: str, message: str
) -> None:
    found = told(read(folder, issuer=issuer, upstream=upstream, more=more))

    assert list(found) == [path]
    assert message in found[path]


def test_every_key_that_names_a_file_is_looked_at() -> None:
    """A new one must be put into the tables above."""
    schema = json.loads((Path(__file__).parents[3] / "config.schema.json").read_text("utf-8"))
    sections = [schema, *schema["$defs"].values()]
    sections += [each for section in sections for each in section.get("anyOf", ())]
    named = {
        key
        for section in sections
        for key in section.get("properties", {})
        if key.endswith(("_file", "file", "files"))
    }

    secrets = {"client_secret_file", "password_file", "sealing_key_file", "token_file"}
    assert named - secrets == {
        "audit_file", "bearer_token_file", "ca_file", "cert_file", "client_cert_file",
        "client_key_file", "file", "files", "key_file", "logo_file", "value_file",
    }  # fmt: skip


def test_config_check_shows_the_file_with_the_line_that_names_it(folder: Path) -> None:
    path = folder / "config.yaml"
    text = TEXT.replace("ISSUER", "").replace("UPSTREAM", ", max_wait: 5")
    path.write_text(f"{text}tls: {{cert_file: old.pem, key_file: nope}}\n", encoding="utf-8")

    done = CliRunner().invoke(command, ["check", "--config", str(path)])

    assert done.exit_code == 78
    assert f"{path}:4:27: tls.key_file: {folder}/nope: No such file" in done.output
    assert "max_wait: expected a duration" in done.output


def test_the_gateway_does_not_start_with_a_certificate_that_it_cannot_use(folder: Path) -> None:
    config = read(folder, more="tls: {cert_file: server.pem, key_file: other.key}\n")

    with pytest.raises(ConfigError, match=r"tls\.key_file: .*other\.key: not the key of"):
        look_at_files(config)


def test_at_start_a_missing_list_of_revocations_is_told(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    look_at_files(read(folder, more="revocations: {file: nope}\n"))

    (line,) = caplog.records
    assert line.__dict__["setting"] == "revocations.file"
    assert "nobody gets in" in line.__dict__["error"]


@pytest.mark.parametrize("file", ["nope", "text"])
def test_run_names_the_file_and_exits_as_for_a_bad_configuration(folder: Path, file: str) -> None:
    path = folder / "config.yaml"
    text = TEXT.replace("ISSUER", "").replace("UPSTREAM", "")
    tls = f"{{cert_file: {file}, key_file: {file}}}"
    path.write_text(f'{text}tls: {tls}\nadmin: {{listen: "127.0.0.1:0"}}\n', encoding="utf-8")

    done = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", "gateway", "run", "--config", str(path)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert done.returncode == 78
    assert "tls.cert_file: " in done.stderr
    assert "Traceback" not in done.stderr
