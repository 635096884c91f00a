"""Reading records one by one, several at a time; a store that does not answer is not asked for ever."""

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

from commerce_events.domain.errors import TransientError
from commerce_events.domain.records import Record, Reject
from commerce_events.sources.source import Source

# Requests wait for the network most of the time; how many leave in a second is the client's to say.
THREADS = 8
# So many failures in a row are the store's, not those of single records.
MOST_FAILURES = 3

Key = tuple[str, str]  # stream and id
Found = Record | Reject | TransientError


class Readings:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._failures = 0  # in a row

    def read(self, keys: Collection[Key]) -> Mapping[Key, Found]:
        """Every record, a reject, or why it could not be read this time. Raises ConfigurationError."""
        if len(keys) < 2:
            return {key: self._read(key) for key in keys}
        with ThreadPoolExecutor(min(THREADS, len(keys))) as pool:
            return dict(zip(keys, pool.map(self._read, keys), strict=True))

    def _read(self, key: Key) -> Found:
        if self._failures >= MOST_FAILURES:
            return TransientError(f"{key[0]}: the store does not answer; its hints wait")
        try:
            found = self._source.read(*key)
        except TransientError as error:
            self._failures += 1
            return error
        self._failures = 0
        return found
