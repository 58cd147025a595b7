import re
from pathlib import Path

from tests.architecture.sources import ROOT, WRITTEN, has_functions, python_files, relative

NAMELESS = {"utils", "util", "helpers", "helper", "common", "core", "misc"}

# Where the test file of a gateway file is not its mirror, and why.
TESTED_ELSEWHERE = {
    "gateway/__main__.py": "one call; the newcomer's test runs the command",
    "gateway/app/generation/credentials.py": (
        "integration/test_upstream_credentials.py has every kind"
    ),
    "gateway/app/generation/header_sources.py": (
        "integration/test_assertion.py and test_upstream_credentials.py"
    ),
    "gateway/app/generation/policy.py": (
        "integration/test_rules.py, for every part of a server's rules"
    ),
    "gateway/app/generation/own_tools.py": (
        "integration/test_own_tools.py, with issuers and servers"
    ),
    "gateway/authserver/login/login_method.py": "a protocol; integration/authserver has each kind",
    "gateway/config/own_tools.py": "data only; config/test_own_tool_checks.py tries every key",
    "gateway/proxy/answers/answer_rewriter.py": "integration/test_lists.py and test_own_tools.py",
    "gateway/proxy/upstream/gateway_requests.py": (
        "integration/test_sessions.py; test_tool_catalogue.py"
    ),
    "gateway/proxy/gate/own_tools.py": "integration/test_own_tools.py has every way to meet them",
    "gateway/proxy/gate/check_parameters.py": (
        "integration/test_parameter_headers.py, with real schemas"
    ),
    "gateway/proxy/limits/shared_limits.py": "integration/test_shared_limits.py, with a real Redis",
    "gateway/proxy/sessions/login_in_session.py": (
        "integration/test_login_in_session.py, with official clients"
    ),
    "gateway/store/rates.py": "a protocol; store/test_redis.py tries it",
    "gateway/tools/facts.py": "values; tools/test_answers.py puts them together",
    "gateway/tools/outputs.py": "integration/test_own_tools.py validates each by its schema",
    "gateway/tools/toolbox.py": "integration/test_own_tools.py lists and calls each",
    "gateway/config/allow.py": "data only; policy/test_admission.py and test_who.py try every key",
    "gateway/config/rule.py": "data only; policy/test_rules.py and test_matching.py try every key",
    "gateway/policy/explain.py": "cli/test_explain.py asks it about every kind of rule",
    "gateway/proxy/gate/authorization.py": "integration/test_rules.py and test_lists.py",
    "gateway/proxy/gate/authorize.py": "integration/test_rules.py has every kind of denial",
    "gateway/proxy/answers/list_filter.py": (
        "integration/test_lists.py has every way a list can come"
    ),
    "gateway/app/admin/application.py": "app/admin/test_listener.py asks it on the real port",
    "gateway/app/admin/host_check.py": "app/admin/test_host.py asks the real listener",
    "gateway/app/admin/guard.py": "integration/test_revocation.py and test_sessions.py",
    "gateway/app/admin/sessions.py": "integration/test_sessions.py asks the real listener",
    "gateway/observability/audit/session_event.py": (
        "data only; integration/test_sessions.py reads them"
    ),
    "gateway/proxy/sessions/sessions.py": (
        "integration/test_sessions.py: other callers, ends, lifetimes"
    ),
    "gateway/proxy/limits/limits.py": "integration/test_limits.py meets every limit",
    "gateway/app/generation/verifiers.py": (
        "integration/test_provider_kinds.py and test_opaque_tokens.py"
    ),
    "gateway/app/admin/revocations.py": "integration/test_revocation.py asks the real listener",
    "gateway/app/revoking.py": "integration/test_revocation.py, with stores, streams and logouts",
    "gateway/identity/provider/http_session.py": "provider/test_fetch.py sends through it",
    "gateway/identity/keys/signature.py": (
        "attacks/test_wycheproof.py and test_jwt.py try every step"
    ),
    "gateway/identity/verifier.py": "a protocol; every verifier's tests try it",
    "gateway/proxy/inbound/client.py": "a protocol; proxy/inbound/test_client_request.py",
    "gateway/proxy/gate/authenticate.py": "attacks/test_credentials.py; proxy/gate/test_gate.py",
    "gateway/proxy/gate/admit.py": "integration/test_providers.py and test_unknown_groups.py",
    "gateway/proxy/gate/client.py": "a protocol; proxy/inbound/test_client_request.py",
    "gateway/proxy/upstream/upstream_limits.py": "data only; the pool's tests try every limit",
}

MACHINE_PATH = re.compile(r"(?<![\w.$}{/-])/(?:work|tmp|home|root|Users)/\w")
REGISTRY_HOST = re.compile(
    r"https?://[^\s\"']*(?:/simple/|/-/[^\s\"']+\.tgz)|index-url|extra-index"
)
TEXT_FILES = ("*.py", "*.md", "*.toml", "*.yaml", "*.yml", "*.json", "*.mjs", "*.txt", "Makefile")
NOT_OURS = {".git", "node_modules", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


def _mirror(path: Path) -> Path:
    inside = path.relative_to(ROOT / "gateway")
    return ROOT / "tests" / "unit" / inside.parent / f"test_{inside.stem.strip('_')}.py"


def _text_files() -> list[Path]:
    found = {path for pattern in TEXT_FILES for path in ROOT.rglob(pattern)}
    found |= {path for path in (ROOT / ".ci").iterdir() if path.is_file()}
    return sorted(
        path
        for path in found
        if not NOT_OURS.intersection(path.parts) and not _is_environment(path.relative_to(ROOT))
    )


def _is_environment(path: Path) -> bool:
    return path.parts[0].startswith(".venv")


def test_every_gateway_file_with_functions_has_its_test_file() -> None:
    missing = [
        f"{relative(path)} wants {relative(_mirror(path))}"
        for path in python_files("gateway")
        if has_functions(path)
        and relative(path) not in TESTED_ELSEWHERE
        and not _mirror(path).is_file()
    ]

    assert not missing


def test_every_unit_test_file_mirrors_a_gateway_file() -> None:
    mirrors = {_mirror(path) for path in python_files("gateway")}

    orphans = [path for path in python_files("tests/unit") if path.name != "__init__.py"]

    assert not [relative(p) for p in orphans if p not in mirrors and p.name.startswith("test_")]


def test_files_tested_elsewhere_still_exist() -> None:
    assert not [path for path in TESTED_ELSEWHERE if not (ROOT / path).is_file()]


def test_package_files_are_empty() -> None:
    found = [path for path in python_files(*WRITTEN) if path.name == "__init__.py"]

    assert not [relative(path) for path in found if path.read_text(encoding="utf-8")]


def test_every_name_says_what_it_holds() -> None:
    found = [path for path in python_files(*WRITTEN) if path.stem in NAMELESS]

    assert not [relative(path) for path in found]


def test_every_gateway_module_says_what_it_is() -> None:
    texts = {relative(path): path.read_text(encoding="utf-8") for path in python_files("gateway")}

    assert not [name for name, text in texts.items() if text and not text.startswith('"""')]


def test_no_file_names_a_path_of_a_machine_or_a_registry() -> None:
    this_file = Path(__file__)
    found = [
        f"{relative(path)}:{number}"
        for path in _text_files()
        if path != this_file
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if MACHINE_PATH.search(line) or REGISTRY_HOST.search(line)
    ]

    assert not found
