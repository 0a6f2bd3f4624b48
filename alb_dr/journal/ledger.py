"""The ledger of a drill: what was intended and what was done, one durable line each."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from alb_dr.errors import Refused

VERSION = 1


class Ledger:
    """Append-only JSON Lines, each line on the disk before the call returns.

    It is evidence and an index. What a drill must take back stands on the workload itself.
    """

    def __init__(self, path: Path, *, drill_id: str) -> None:
        self._path = path
        self._drill = drill_id
        self._sequence = 0
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
        """Append one event; Refused when the disk does not take it."""
        self._sequence += 1
        line = {
            "v": VERSION,
            "seq": self._sequence,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "drill": self._drill,
            "event": event,
            **facts,
        }
        try:
            os.write(self._file, json.dumps(line).encode() + b"\n")
            os.fsync(self._file)
        except OSError as error:
            raise Refused(
                f"the journal {self._path} cannot be written: {error.strerror}", code="ADR-JOURNAL"
            ) from None

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
