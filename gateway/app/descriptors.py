"""File descriptors: are there enough of them, and when have they run out."""

import errno
import logging
import os
import resource

from gateway.config.model import Config

# Files, listeners, the store, connections to issuers, what libraries open for a moment.
SPARE = 100
_RUN_OUT = frozenset({errno.EMFILE, errno.ENFILE})

logger = logging.getLogger(__name__)


def descriptors_needed(config: Config) -> int:
    """As many as all clients and all upstream connections that the limits let in."""
    upstreams = sum(server.upstream.max_connections for server in config.servers.values())
    return config.limits.connections + upstreams + SPARE


def provide_descriptors(needed: int) -> int:
    """Raise the soft limit as far as the hard one lets it; returns the limit then.

    A line says so when it is not enough.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft != resource.RLIM_INFINITY and soft < needed:
        logger.warning(
            "fewer file descriptors than limits.connections and upstream connections need:"
            " raise the limit (ulimit -n, LimitNOFILE=) or lower limits.connections",
            extra={"limit": soft, "needed": needed},
        )
    return soft


def has_run_out() -> bool:
    """Whether no descriptor is left: a listener cannot accept then, and some say nothing."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return is_exhaustion(error)
    return False


def is_exhaustion(error: BaseException | None) -> bool:
    """Whether this is what the system says when descriptors have run out."""
    return isinstance(error, OSError) and error.errno in _RUN_OUT
