import json
from dataclasses import replace

import pytest

from gateway.identity.principal import Principal
from gateway.identity.revocation.revocation import (
    Kind,
    Revocation,
    RevocationSet,
    dump_revocation,
    parse_revocation,
)

NOW = 2_000.0
ADA = Principal(
    issuer="https://issuer.example",
    subject="ada",
    client_id="client",
    groups=("dev", "ops"),
    issued_at=1_000.0,
    token_id="t-1",  # noqa: S106  # a name, no secret
    session_id="s-1",
)
BARE = Principal(issuer="https://issuer.example", subject="bob", groups=None)

NAMES_ADA: list[tuple[Kind, str]] = [
    ("subject", "ada"),
    ("client_id", "client"),
    ("token_id", "t-1"),
    ("session_id", "s-1"),
    ("group", "dev"),
    ("group", "ops"),
]


@pytest.mark.requirement("152")
@pytest.mark.parametrize(("kind", "value"), NAMES_ADA)
def test_whoever_is_named_is_revoked_and_nobody_else(kind: Kind, value: str) -> None:
    revocation = Revocation(kind, value)

    assert revocation.revokes(ADA, NOW) is True
    assert Revocation(kind, value + "x").revokes(ADA, NOW) is False
    assert revocation.revokes(BARE, NOW) is False


@pytest.mark.parametrize("kind", ["client_id", "token_id", "session_id", "group"])
def test_what_a_principal_lacks_is_no_empty_name(kind: Kind) -> None:
    assert not Revocation(kind, "").revokes(BARE, NOW)
    assert not Revocation(kind, "None").revokes(BARE, NOW)


def test_a_name_counts_only_for_its_own_kind() -> None:
    principal = replace(ADA, client_id="ada", groups=("ada",))

    assert not Revocation("token_id", "ada").revokes(principal, NOW)


def test_an_issuer_narrows_it_to_its_own_callers() -> None:
    mine = Revocation("subject", "ada", issuer="https://issuer.example")

    assert mine.revokes(ADA, NOW)
    assert replace(mine, issuer="https://other.example").revokes(ADA, NOW) is False


@pytest.mark.parametrize(
    ("issued_at", "expected"), [(999.9, True), (1000.0, False), (1000.1, False), (None, True)]
)
def test_before_spares_tokens_issued_from_then_on(issued_at: float | None, expected: bool) -> None:
    principal = replace(ADA, issued_at=issued_at)

    assert Revocation("subject", "ada", before=1000.0).revokes(principal, NOW) is expected
    assert Revocation("everything", before=1000.0).revokes(principal, NOW) is expected


@pytest.mark.parametrize(("now", "expected"), [(1999.9, True), (2000.0, False), (2000.1, False)])
def test_until_ends_it(now: float, expected: bool) -> None:
    assert Revocation("subject", "ada", until=2000.0).revokes(ADA, now) is expected


@pytest.mark.requirement("152")
@pytest.mark.parametrize(("kind", "value"), [*NAMES_ADA, ("everything", "")])
def test_a_set_finds_what_concerns_a_principal(kind: Kind, value: str) -> None:
    wanted = Revocation(kind, value, before=1500.0)
    others = [Revocation(each, f"{number}") for each, _ in NAMES_ADA for number in range(50)]

    found = RevocationSet([*others, wanted]).find(ADA, NOW)

    assert found == wanted
    assert RevocationSet(others).find(ADA, NOW) is None


def test_a_set_looks_at_all_that_name_the_same() -> None:
    void = Revocation("subject", "ada", until=1.0)
    foreign = Revocation("subject", "ada", issuer="https://other.example")
    good = Revocation("subject", "ada")

    assert RevocationSet([void, foreign, good]).find(ADA, NOW) == good
    assert RevocationSet([void, foreign]).find(ADA, NOW) is None
    assert RevocationSet().find(ADA, NOW) is None


@pytest.mark.requirement("C7")
@pytest.mark.parametrize(
    ("revocation", "expected"),
    [
        (Revocation("group", "ops"), True),
        (Revocation("group", "ops", issuer=BARE.issuer, before=NOW), True),
        (Revocation("group", "ops", until=NOW), False),
        (Revocation("group", "ops", issuer="https://other.example"), False),
        (Revocation("subject", "ada"), False),
    ],
)
def test_groups_matter_only_to_a_revocation_of_a_group_that_counts(
    revocation: Revocation, expected: bool
) -> None:
    revocations = RevocationSet([revocation])

    assert revocations.needs_groups(BARE, NOW) is expected
    assert revocations.needs_groups(replace(BARE, groups=()), NOW) is False


@pytest.mark.parametrize(
    "revocation",
    [
        Revocation("subject", "ada"),
        Revocation("group", "ops", issuer="https://issuer.example", note="left"),
        Revocation("token_id", "t-1", until=1.5),
        Revocation("everything", before=1767225600.0),
        Revocation("subject", "ada", before=5, until=7),
    ],
)
def test_what_was_dumped_is_read_back_with_the_same_identity(revocation: Revocation) -> None:
    read = parse_revocation(json.loads(json.dumps(dump_revocation(revocation))))

    assert (read, read.note) == (revocation, revocation.note)
    assert read.identity == revocation.identity


def test_identity_covers_everything_but_the_note() -> None:
    base = Revocation("subject", "ada", "https://issuer.example", 1.0, 2.0)
    changed = [
        replace(base, kind="group"),
        replace(base, value="bob"),
        replace(base, issuer=None),
        replace(base, before=None),
        replace(base, until=None),
    ]

    assert len({each.identity for each in [base, *changed]}) == 6
    assert replace(base, note="why").identity == base.identity
    assert replace(base, note="why") == base
    assert (base.note, len(base.identity)) == ("", 16)


def test_times_are_read_as_text_or_seconds() -> None:
    told = {"everything": True, "before": "2026-01-01T00:00:00Z", "until": 1767225601}

    read = parse_revocation(told)

    assert (read.before, read.until) == (1767225600.0, 1767225601.0)


def test_the_last_second_of_the_year_9999_is_a_time() -> None:
    read = parse_revocation({"subject": "ada", "until": 253_402_300_799})

    assert read.until == 253_402_300_799.0


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (None, "expected an object"),
        (["ada"], "expected an object"),
        ({}, "give exactly one of subject, client_id"),
        ({"subject": "a", "group": "b"}, "give exactly one of"),
        ({"subject": "a", "sekret": "b"}, "unknown key; known are subject, .*, note$"),
        ({"subject": ""}, "subject: expected text"),
        ({"subject": None}, "subject: expected text"),
        ({"subject": 12345}, "subject: expected text; numbers need quotes"),
        ({"subject": "a", "issuer": None}, "issuer: expected text"),
        ({"subject": "a", "note": 1}, "note: expected text"),
        ({"everything": True}, "everything: write `everything: true` and a `before`"),
        ({"everything": False, "before": 1}, "everything: write"),
        ({"everything": "true", "before": 1}, "everything: write"),
        ({"subject": "a", "before": "soon"}, "before: expected a time such as .*, or Unix seconds"),
        ({"subject": "a", "until": True}, "until: expected a time"),
        ({"subject": "a", "until": None}, "until: expected a time"),
        ({"subject": "a", "until": 1767225600000}, "until: .* is it in seconds"),
        ({"subject": "a", "until": 10**400}, "until: .* is it in seconds"),
        ({"subject": "a", "until": float("nan")}, "until: .* is it in seconds"),
        ({"subject": "a", "before": 0}, "before: .* is it in seconds"),
        ({"subject": "a", "until": 253_402_300_800}, "until: .* is it in seconds"),
    ],
)
def test_what_makes_no_sense_is_explained_without_repeating_it(
    document: object, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        parse_revocation(document)

    assert "sekret" not in str(caught.value)
