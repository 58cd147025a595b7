"""What every store raises when it cannot do its work."""


class StoreUnavailable(Exception):
    """The store does not answer or is broken; the text is for the log and names no value."""
