"""What a store holds as text, whoever wrote it. Pure."""


def readable(value: object) -> str:
    """Text of whatever stands there; bytes that are no UTF-8 are escaped, so nothing raises."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
