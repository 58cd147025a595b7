import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.api_keys.api_key_file import ApiKeyEntry, dump_keys, parse_keys

HASH = "sha256:" + 64 * "a"
OTHER_HASH = "sha256:" + 64 * "b"
NEW_YEAR_2027 = 1798761600.0
FULL = f"""
keys:
- hash: {HASH}
  subject: ci
  client_id: runner
  name: Build server
  scopes: [mcp:read, mcp:write]
  groups: [dev]
  roles: [builder]
  servers: [files]
  created: 2026-01-01T00:00:00Z
  expires: 2027-01-01T00:00:00Z
- {{hash: "{OTHER_HASH}", subject: ada}}
"""
_visible = st.characters(exclude_categories=["C", "Z"], include_characters=" ")
_texts = st.text(_visible, min_size=1)
_times = st.none() | st.integers(0, 4_000_000_000).map(float)
_entries = st.builds(
    ApiKeyEntry,
    hash=st.text("0123456789abcdef", min_size=64, max_size=64).map(lambda each: f"sha256:{each}"),
    subject=_texts,
    client_id=st.none() | _texts,
    name=st.none() | _texts,
    scopes=st.frozensets(st.from_regex(r"[!#-\[\]-~]+", fullmatch=True)),
    groups=st.lists(_texts).map(tuple),
    roles=st.lists(_texts).map(tuple),
    servers=st.frozensets(st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True)),
    created_at=_times,
    expires_at=_times,
)


def _with(line: str) -> str:
    return f"keys:\n- hash: {HASH}\n  subject: ci\n  {line}\n"


def _complaint(text: str) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_keys(text)
    return str(caught.value)


def test_every_member_is_read() -> None:
    keys = parse_keys(FULL)

    assert list(keys) == [HASH, OTHER_HASH]
    assert keys[HASH] == ApiKeyEntry(
        HASH,
        "ci",
        client_id="runner",
        name="Build server",
        scopes=frozenset({"mcp:read", "mcp:write"}),
        groups=("dev",),
        roles=("builder",),
        servers=frozenset({"files"}),
        created_at=1767225600.0,
        expires_at=NEW_YEAR_2027,
    )
    assert keys[OTHER_HASH] == ApiKeyEntry(OTHER_HASH, "ada")


def test_no_keys_are_an_empty_list() -> None:
    assert parse_keys("keys: []") == {}


@pytest.mark.parametrize("text", ["", "# nothing\n", "keys:\n", "keys: {}", "[]", "a", "kays: []"])
def test_a_file_without_a_list_of_keys_is_a_mistake(text: str) -> None:
    """A file that an editor has just emptied must not shut out everybody."""
    assert _complaint(text) == "expected `keys:` with a list, and nothing else"


def test_another_member_beside_the_keys_is_a_mistake() -> None:
    assert "and nothing else" in _complaint("keys: []\nrevoked: []\n")


def test_what_is_not_yaml_is_told_with_its_line() -> None:
    assert _complaint("keys:\n- ]\n").startswith("line 2: ")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("expires:", 'expires: expected a time such as "2027-01-01T00:00:00Z"'),
        ("expires: soon", 'expires: expected a time such as "2027-01-01T00:00:00Z"'),
        ("created: 20270101", 'created: expected a time such as "2027-01-01T00:00:00Z"'),
        ("scopes: a b", "scopes: expected a list such as [a, b]; or leave it out"),
        ("scopes:", "scopes: expected a list such as [a, b]; or leave it out"),
        ("scopes: [a b]", "scopes: an entry is not of the right form"),
        ("groups: [a, 1]", "groups: an entry is not of the right form"),
        ('roles: [""]', "roles: an entry is not of the right form"),
        ("servers: [Files]", "servers: an entry is not of the right form"),
        ("servers: []", "servers: expected names of servers; or leave it out to mean all"),
        ("servers:", "servers: expected a list such as [a, b]; or leave it out"),
        ("client_id:", "client_id: expected text; or leave it out"),
        ('name: "a\\nb"', "name: expected text; or leave it out"),
        ("name: 1", "name: expected text; or leave it out"),
    ],
)
def test_a_bad_member_is_told_with_its_place(line: str, complaint: str) -> None:
    assert _complaint(_with(line)) == f"line 4: key 1: {complaint}"


def test_a_member_twice_is_a_mistake() -> None:
    assert _complaint(_with("subject: ada")) == "line 4: duplicate key (first on line 3)"


@pytest.mark.parametrize("entry", ["ci", "{}", "[]", "{hash: sha256:aa, subject: ''}"])
def test_hash_and_subject_are_needed(entry: str) -> None:
    complaint = _complaint(f"keys:\n- {entry}\n- {entry}\n")

    for key, line in ((1, 2), (2, 3)):
        place = f"line {line}: key {key}"
        assert f"{place}: hash: expected sha256: and 64 hexadecimal digits" in complaint
        assert f"{place}: subject: expected who the key speaks for" in complaint
    assert "the same" not in complaint


def test_a_hash_twice_is_a_mistake() -> None:
    text = f"keys:\n- {{hash: '{HASH}', subject: a}}\n- {{hash: '{HASH}', subject: b}}\n"

    assert _complaint(text) == "line 3: key 2: hash: the same as of an entry above"


def test_a_mistake_is_told_without_what_stands_there() -> None:
    complaint = _complaint(_with("mcpgw_secret: 1").replace(HASH, "mcpgw_secret"))

    assert "line 4: key 1: unknown, known are hash, subject," in complaint
    assert "secret" not in complaint


def test_all_mistakes_are_told_at_once() -> None:
    complaint = _complaint(_with("expires: soon\n  created: then\n- nonsense"))

    assert [each.split(" ")[1] for each in complaint.split("; ")] == ["5:", "4:", "6:", "6:"]


@given(st.lists(_entries, unique_by=lambda each: each.hash, max_size=4))
def test_what_is_written_is_read_again(entries: list[ApiKeyEntry]) -> None:
    assert list(parse_keys(dump_keys(entries)).values()) == entries


@pytest.mark.parametrize("text", ["1.5e3", "12", "0x1f", "1:30", "no", "null", "~", "=", "é"])
def test_a_word_that_looks_like_something_else_stays_a_word(text: str) -> None:
    entry = ApiKeyEntry(HASH, text, groups=(text,))

    assert parse_keys(dump_keys([entry])) == {HASH: entry}


def test_empty_members_are_not_written() -> None:
    assert dump_keys([ApiKeyEntry(HASH, "ci")]) == f"keys:\n- hash: {HASH}\n  subject: ci\n"
