"""A receiver that is a folder: what would leave is written down, a message on a line, and nobody hears of it.

The files hold personal data. Only their owner may read them.
"""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from commerce_events.domain.batches import Limits
from commerce_events.domain.errors import ConfigurationError, TransientError

OWNERS_FOLDER, OWNERS_FILE = 0o700, 0o600
APPENDED = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(frozen=True, slots=True)
class ShadowClient:
    """Writes into `folder`, a file for each UTC day. Threads and processes of one machine share it."""

    folder: Path

    @property
    def limits(self) -> Limits:
        return Limits()

    def send(self, bodies: Sequence[bytes], *, sent_at: datetime, retries: int) -> None:
        """Return once the batch is on the disk. One that was cut off comes again, with the same ids."""
        lines = b"".join(body + b"\n" for body in bodies)
        try:
            self.folder.mkdir(mode=OWNERS_FOLDER, parents=True, exist_ok=True)
            _append(self.folder / f"{sent_at.astimezone(UTC):%Y-%m-%d}.jsonl", lines)
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise ConfigurationError(f"{self.folder} cannot be written to: {error.strerror}") from error
        except OSError as error:
            raise TransientError(
                f"{self.folder} cannot be written to: {error.strerror}", maybe_taken=True
            ) from error


def _append(path: Path, lines: bytes) -> None:
    descriptor = os.open(path, APPENDED, OWNERS_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # closing lets go of it
        os.fchmod(descriptor, OWNERS_FILE)
        left = memoryview((b"" if _ends_well(descriptor) else b"\n") + lines)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ends_well(descriptor: int) -> bool:
    """Where the last writer was cut off, its line is left behind unfinished."""
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
