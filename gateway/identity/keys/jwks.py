"""The keys of one issuer at run time: found, refreshed, and given up when they are too old."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.config.issuer import Jwks
from gateway.errors import IdentityUnavailable
from gateway.identity.keys.key_set import KeySet, VerificationKey, parse_key_set
from gateway.identity.reasons import refused
from gateway.resilience.clocks import Clocks
from gateway.resilience.document import FetchedDocument, FetchFailed
from gateway.resilience.refreshed import Feed, Loaded, Refreshed, Schedule
from gateway.resilience.single_flight import SingleFlight
from gateway.strict_json import parse_json_object

MAX_KEY_FILE_BYTES = 1024 * 1024

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeyFeed:
    """Where an issuer's JWK set comes from and who wants to know.

    `on_fetch` is told `ok` or `failed`; `on_removed` the thumbprints of keys that are no longer
    trusted, before the first token is checked without them.
    """

    name: str
    get_document: Callable[[], Awaitable[FetchedDocument]]
    algorithms: Sequence[str]
    on_fetch: Callable[[str], None] = field(default=lambda result: None)
    on_removed: Callable[[frozenset[str]], None] = field(default=lambda thumbprints: None)


class KeySource:
    """The last good keys of one issuer. `app` runs `run` for as long as it serves."""

    def __init__(
        self, feed: KeyFeed, settings: Jwks, flights: SingleFlight, clocks: Clocks
    ) -> None:
        self._feed = feed
        self._max_stale_s = settings.max_stale
        self._uses = settings.uses
        self._told_of_others = False
        schedule = Schedule(settings.refresh, settings.cooldown)
        self._keys = Refreshed(
            Feed(feed.name, self._load, schedule, feed.on_fetch), flights, clocks
        )

    @property
    def ready(self) -> bool:
        """Whether there are keys that are young enough to be trusted."""
        age_s = self._keys.age_s
        return age_s is not None and age_s <= self._max_stale_s

    @property
    def keys(self) -> KeySet | None:
        """The keys of the last good fetch, None before it."""
        return self._keys.value

    def trusts(self, thumbprint: str) -> bool:
        """Whether a key is among those of the last good fetch."""
        return self.keys is not None and self.keys.has(thumbprint)

    @property
    def age_s(self) -> float | None:
        """Seconds since the last good fetch, None before it."""
        return self._keys.age_s

    @property
    def last_success_at(self) -> float | None:
        """Unix seconds of the last good fetch, None before it."""
        return self._keys.last_success_at

    async def run(self) -> None:
        """Keep the keys fresh until cancelled."""
        await self._keys.run()

    async def refresh(self) -> None:
        """Fetch once now; a failure changes nothing."""
        await self._keys.refresh()

    async def key_for(self, kid: str | None, algorithm: str) -> VerificationKey:
        """The key that must have signed.

        An unknown `kid` causes a fetch at most once per cooldown: the issuer may have a new
        key, and a flood of invented ones must not reach it. Raises `InvalidToken`, and
        `IdentityUnavailable` while no trustworthy keys are at hand.
        """
        key = self.keys.find(kid, algorithm) if self.keys and self.ready else None
        if key is None:
            await self._keys.refresh_if_cool()
            key = self._trusted().find(kid, algorithm)
        if key is None:
            raise refused("unknown_key")
        if key.algorithm != algorithm:  # RFC 8725 §3.1: the key decides, not the header
            raise refused("bad_algorithm")
        return key

    def _trusted(self) -> KeySet:
        if self.keys is None or not self.ready:
            # Not a 401: the token may well be good, and clients throw away refused ones.
            raise IdentityUnavailable("The keys of the token's issuer are not at hand")
        return self.keys

    async def _load(self) -> Loaded[KeySet]:
        fetched = await self._feed.get_document()
        try:
            keys = parse_key_set(fetched.document, self._feed.algorithms, self._uses)
        except ValueError as error:
            raise FetchFailed(str(error)) from error
        self._announce(keys)
        return Loaded(keys, fetched.max_age_s)

    def _announce(self, keys: KeySet) -> None:
        known = self.keys or KeySet(())
        # Keys for something else are normal, and change places whenever the issuer rotates.
        is_news = keys.dropped != known.dropped if keys.faulty else not self._told_of_others
        if keys.dropped and is_news:
            self._told_of_others = True
            logger.log(
                logging.WARNING if keys.faulty else logging.INFO,
                "issuer keys left out",
                extra={"issuer": self._feed.name, "keys": list(keys.dropped)},
            )
        if removed := set(known.keys) - set(keys.keys):
            self._feed.on_removed(frozenset(each.thumbprint for each in removed))


class KeyFile:
    """A JWK set in a file, read again when the file changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int, int] | None = None
        self._document = FetchedDocument({})

    async def get_document(self) -> FetchedDocument:
        """The content of the file. Raises `FetchFailed`."""
        try:
            return await asyncio.to_thread(self._read)
        except (OSError, ValueError) as error:
            raise FetchFailed(f"{self._path}: {error}") from error

    def _read(self) -> FetchedDocument:
        state = self._path.stat()
        # The inode too: an atomic replacement within one tick keeps the time of the old file.
        version = (state.st_mtime_ns, state.st_size, state.st_ino)
        if version != self._read_at:
            if state.st_size > MAX_KEY_FILE_BYTES:
                raise ValueError(f"more than {MAX_KEY_FILE_BYTES} bytes")
            self._document = FetchedDocument(parse_json_object(self._path.read_bytes()))
            self._read_at = version
        return self._document
