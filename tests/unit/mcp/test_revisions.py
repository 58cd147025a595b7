import pytest

from gateway.mcp.revisions import KNOWN, has_batches, mirrors_headers


@pytest.mark.requirement("30", "M4")
def test_batches_ended_with_2025_06_18() -> None:
    assert [revision for revision in KNOWN if has_batches(revision)] == ["2024-11-05", "2025-03-26"]


@pytest.mark.requirement("30", "31")
def test_no_revision_stands_for_one_with_batches() -> None:
    assert has_batches(None)


@pytest.mark.requirement("36", "M10", "B13")
@pytest.mark.parametrize("revision", ["2026-07-28", "2027-01-01", "v999.0.0", "2025-07-01", ""])
def test_headers_are_mirrored_from_2026_07_28_on_and_by_what_nobody_knows(revision: str) -> None:
    assert mirrors_headers(revision)
    assert not has_batches(revision)


@pytest.mark.requirement("36")
@pytest.mark.parametrize("revision", [None, *KNOWN[:-1], "2024-10-07"])
def test_headers_mean_nothing_in_older_revisions(revision: str | None) -> None:
    assert not mirrors_headers(revision)
