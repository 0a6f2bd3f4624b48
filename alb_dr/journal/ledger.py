"""The ledger of a drill: what was intended and what was done, one durable line each."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from alb_dr.errors import Refused

VERSION = 1


class Ledger:
    """Append-only JSON Lines, each line on the disk before the call returns.

    Each line names the digest of the one before, so that a line taken out or changed shows.

    It is evidence and an index. What a drill must take back stands on the workload itself.
    """

    def __init__(self, path: Path, *, drill_id: str) -> None:
        self._path = path
        self._drill = drill_id
        self._whole = (0, 0, "")
        """Lines written whole, the bytes they take, the digest of the last: assigned together,
        whatever interrupts."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY | os.O_NOFOLLOW
            self._file = os.open(path, flags, 0o600)
        except OSError as error:
            raise Refused(
                f"the journal {path} cannot be made: {error.strerror}",
                hint="without it a drill is not started; name a writable place with --run-dir",
                code="ADR-JOURNAL",
            ) from None

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    def write(self, event: str, **facts: object) -> None:
        """Append one event; Refused when the disk does not take it.

        What a full disk or a signal left of an earlier line is taken out first: numbers have no
        gaps, and no line is glued to half another.
        """
        count, size, digest = self._whole
        facts_line = {
            "v": VERSION,
            "seq": count + 1,
            "prev_sha256": digest,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "drill": self._drill,
            "event": event,
            **facts,
        }
        line = json.dumps(facts_line).encode() + b"\n"
        try:
            os.ftruncate(self._file, size)
            if os.write(self._file, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file)
        except OSError as error:
            raise Refused(
                f"the journal {self._path} cannot be written: {error.strerror}", code="ADR-JOURNAL"
            ) from None
        self._whole = (count + 1, size + len(line), hashlib.sha256(line).hexdigest())

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
