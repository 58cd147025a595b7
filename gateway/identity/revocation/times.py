"""Times as people write them into files. Pure."""

from datetime import UTC, datetime


def parse_time(value: object) -> float:
    """Unix seconds of an ISO 8601 time or day, in UTC unless it says otherwise."""
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError('expected a time such as "2027-01-01T00:00:00Z"') from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def format_time(seconds: float) -> str:
    """ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
