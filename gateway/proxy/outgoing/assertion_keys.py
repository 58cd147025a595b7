"""The keys that assertions are signed with: of files, or of the gateway's own making."""

from pathlib import Path
from typing import Self

from gateway.config.model import AssertionKeys as AssertionKeysSection
from gateway.errors import ConfigError
from gateway.identity.keys.signing_keys import SigningKeys, SigningSettings
from gateway.resilience.clocks import Clocks

KEY_FILE = "assertion-keys.json"
PATH = "/.well-known/mcpgw/assertion-keys.json"


class AssertionKeys(SigningKeys):
    """The ring of keys of this use."""

    @classmethod
    def load(cls, section: AssertionKeysSection, state_dir: Path, clocks: Clocks) -> Self:
        """Read the keys, and make the first one where they are the gateway's own.

        Raises `ConfigError` that says what to do when they cannot be used.
        """
        keys = cls(
            SigningSettings(
                "assertion keys",
                section.algorithm,
                section.files,
                section.rotate,
                state_dir / KEY_FILE,
            ),
            clocks,
        )
        try:
            keys.look()
        except (OSError, ValueError) as error:
            raise ConfigError(f"assertion keys: {error}") from error
        return keys
