"""What outlives every configuration of a process."""

from pathlib import Path

import pytest

from gateway.app.sealing_key import sealing_key
from gateway.sealing.seal import Binding
from tests.support.token_signer import TokenSigner
from tests.unit.app.generation.test_generation import starting

BINDING = Binding("purpose", "mcp", ("ada",))


async def test_a_process_opens_what_the_one_before_has_sealed(
    tmp_path: Path, signer: TokenSigner
) -> None:
    async with starting(tmp_path, signer.issuer) as before:
        sealed = before.carried.shared.seal.close(b"value", BINDING, 1.0)

    async with starting(tmp_path, signer.issuer) as after:
        opened = after.carried.shared.seal.open(sealed, BINDING, 2.0, 60.0)

    assert opened is not None
    assert opened.value == b"value"


@pytest.mark.requirement("O1")
async def test_nonces_are_not_made_with_the_key_that_seals(
    tmp_path: Path, signer: TokenSigner
) -> None:
    async with starting(tmp_path, signer.issuer) as process:
        key = sealing_key(process.config())

        assert process.carried.shared.nonce_key != key
