from pathlib import Path

from gateway.config.load import load_config
from gateway.observability.insecure import insecure_settings

SAFE = """\
public_url: https://files.example.com
issuers: {corp: {issuer: "https://idp.example.com"}}
servers: {files: {upstream: "http://127.0.0.1:9000/mcp", auth: {issuers: [corp]}, allow: any}}
"""


def loaded(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return insecure_settings(load_config(path, {}))


def test_safe_configuration_has_no_weakening_setting(tmp_path: Path) -> None:
    assert loaded(tmp_path, SAFE) == ()


def test_weakening_setting_is_named_by_its_path(tmp_path: Path) -> None:
    text = SAFE.replace(
        '"https://idp.example.com"', '"http://idp.example.com", insecure_http: true'
    )
    text += "insecure_http_public_url: true\n"

    found = loaded(tmp_path, text)

    assert found == ("insecure_http_public_url", "issuers.corp.insecure_http")
