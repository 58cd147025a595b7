"""Finding an issuer's documents from its identifier: RFC 8414 §3, OIDC Discovery §4."""

from collections.abc import Callable, Mapping, Sequence

from gateway.identity.provider.fetch import Fetcher
from gateway.identity.token.leniency import without_nulls
from gateway.oauth.server_metadata import ServerMetadata, discovery_urls, parse_server_metadata
from gateway.resilience.document import FetchedDocument, FetchFailed, HostUnreachable
from gateway.resilience.refreshed import Loaded, Refreshed


class MetadataLocation:
    """Where the metadata of an issuer may be: one given URL, or each that the standards name."""

    def __init__(self, fetcher: Fetcher, issuer: str, discovery_url: str | None = None) -> None:
        self._fetcher = fetcher
        self._issuer = issuer
        self._urls = (discovery_url,) if discovery_url else discovery_urls(issuer)

    async def load(self) -> Loaded[ServerMetadata]:
        """The documents that name exactly this issuer, up to the first that says where keys are.

        What several say, the first decides. Raises `FetchFailed`.
        """
        failures: list[str] = []
        found: list[FetchedDocument] = []
        for url in self._urls:
            try:
                found.append(await self._load_from(url))
            except HostUnreachable:
                raise  # the other URLs are on the same host; trying them only delays the retry
            except FetchFailed as error:
                failures.append(str(error))
                continue
            # Some publish an OAuth document that leaves out what their OpenID Connect one says.
            if "jwks_uri" in found[-1].document:
                break
        if not found:
            raise FetchFailed("; ".join(failures))
        return self._join(found)

    def _join(self, found: Sequence[FetchedDocument]) -> Loaded[ServerMetadata]:
        members: dict[str, object] = {}
        for each in reversed(found):
            members |= each.document
        ages = [each.max_age_s for each in found if each.max_age_s is not None]
        return Loaded(parse_server_metadata(members, self._issuer), min(ages, default=None))

    async def _load_from(self, url: str) -> FetchedDocument:
        fetched = await self._fetcher.get_json(url)
        document = without_nulls(fetched.document)
        try:
            parse_server_metadata(document, self._issuer)
        except ValueError as error:
            raise FetchFailed(f"{url}: {error}") from error
        return FetchedDocument(document, fetched.max_age_s)


# What a request for keys carries, asked anew for each: a token in a file may change.
RequestHeaders = Callable[[], Mapping[str, str]]


class DiscoveredKeys:
    """The JWK set that an issuer's metadata points to."""

    def __init__(
        self, fetcher: Fetcher, metadata: Refreshed[ServerMetadata], headers: RequestHeaders
    ) -> None:
        self._fetcher = fetcher
        self._metadata = metadata
        self._headers = headers

    async def get_document(self) -> FetchedDocument:
        """The document at `jwks_uri`. Raises `FetchFailed`."""
        if self._metadata.value is None:
            await self._metadata.refresh()
        metadata = self._metadata.value
        if metadata is None:
            raise FetchFailed("there is no metadata document to find the keys with")
        if metadata.jwks_uri is None:
            raise FetchFailed("the issuer's metadata names no keys (jwks_uri)")
        try:
            return await self._fetcher.get_json(metadata.jwks_uri, self._headers())
        except FetchFailed:
            await self._metadata.refresh_if_cool()  # the keys may have moved
            raise
