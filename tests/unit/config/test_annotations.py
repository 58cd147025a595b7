"""Which keys a section has, and what stands below them."""

import pytest

from gateway.config.allow import Allow
from gateway.config.annotations import is_section, secret_keys, secret_paths, section_at
from gateway.config.issuer import Claims, Introspection, Issuer, Lookup, NamedCaller
from gateway.config.model import Config, Server, Store, Upstream, UpstreamCredential
from gateway.config.section import Section


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ((), Config),
        (("store",), Store),
        (("issuers", "corp"), Issuer),
        (("issuers", "corp", "claims"), Claims),
        (("issuers", "corp", "introspection"), Introspection),
        (("issuers", "corp", "callers", 0), NamedCaller),
        (("issuers", "corp", "userinfo", "lookups", 3), Lookup),
        (("servers", "a"), Server),
        (("servers", "a", "upstream"), Upstream),
        (("servers", "a", "upstream", "credential"), UpstreamCredential),
        (("servers", "a", "allow"), Allow),
    ],
)
def test_a_section_is_found_at_its_path(
    path: tuple[str | int, ...], section: type[Section]
) -> None:
    assert section_at(Config, path) is section


@pytest.mark.parametrize(
    "path",
    [
        ("issuers",),
        ("version",),
        ("listen", "host"),
        ("unknown",),
        ("unknown", "deeper", 1),
        ("issuers", "corp", "require"),
        ("issuers", "corp", "require", "sub"),
        ("issuers", "corp", "callers"),
        ("servers", "a", "auth", "scopes", 0),
        ("servers", "a", "metadata", "x"),
    ],
)
def test_elsewhere_is_none(path: tuple[str | int, ...]) -> None:
    assert section_at(Config, path) is None


def test_a_value_is_no_section() -> None:
    assert is_section(Store)
    assert not is_section(Store())
    assert not is_section(str)
    assert not is_section(None)


def test_secrets_are_known_by_their_mark() -> None:
    assert secret_keys(Config) == ["sealing_key"]
    assert secret_keys(Store) == ["password"]
    assert secret_keys(Introspection) == ["client_secret"]
    assert secret_keys(Allow) == []


def test_paths_of_secrets_go_through_maps_lists_and_choices() -> None:
    paths = list(secret_paths(Config))

    assert len(paths) == len(set(paths))
    assert ("store", "password") in paths
    assert ("issuers", "*", "userinfo", "audience_check", "client_secret") in paths
    assert ("servers", "*", "upstream", "credential", "token_exchange", "client_secret") in paths


def test_a_secret_in_a_list_would_be_found() -> None:
    class Holder(Section):
        members: tuple[Introspection, ...] = ()

    assert list(secret_paths(Holder)) == [("members", "*", "client_secret")]
