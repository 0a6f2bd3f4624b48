"""The run directory: everything one run leaves behind, in one private folder."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from alb_dr.errors import BadInput, Conflict, Refused
from alb_dr.model.operation import new_operation_id

LEDGER = "ledger.jsonl"
"""What was meant to be done, before it was."""
DESCRIPTION = "run.json"
"""What is known of the run beside its samples."""
LATEST = "latest"
"""The word for the newest run."""
LEAST_FREE = 16 * 2**20
"""Bytes a drill wants free for its evidence (G15)."""
_PRIVATE_DIR, _PRIVATE_FILE = 0o700, 0o600
_NAME = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[a-z-]+-[0-9a-f]{8}", re.ASCII)
"""The time comes first and in milliseconds: names in order are runs in order."""


class RunDir:
    """One run's directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The name by which people call the run."""
        return self.path.name

    def write_text(self, name: str, text: str) -> Path:
        """Replace a file in one step: a reader sees the old text or the new one, never half."""
        path = self.path / name
        beside = self.path / f".{name}.new"
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
        return path

    def write_json(self, name: str, document: Mapping[str, Any]) -> Path:
        """Replace a JSON file."""
        return self.write_text(name, json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def read_json(self, name: str) -> dict[str, Any]:
        """A JSON file of this run. Raises BadInput."""
        path = self.path / name
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BadInput(
                f"{self.path} has no page: nothing of it was described",
                hint="what was done is in its ledger.jsonl; it was cut short, or is no run at all",
            ) from None
        except (OSError, ValueError) as error:
            raise BadInput(f"{path} cannot be read: {error}") from error
        if not isinstance(document, dict):
            raise BadInput(f"{path} holds no object")
        return document

    def drop_undescribed(self) -> None:
        """Remove a run that came to nothing: one whose command was refused before it began.

        A ledger with an intent stays, also where a full disk let nothing else be written.
        """
        ledger = self.path / LEDGER
        begun = ledger.exists() and ledger.stat().st_size > 0
        if not begun and not (self.path / DESCRIPTION).exists():
            shutil.rmtree(self.path, ignore_errors=True)


def create_run(
    state_dir: Path,
    verb: str,
    *,
    now: datetime,
    given: Path | None = None,
    operation: str | None = None,
) -> RunDir:
    """A fresh directory: ``given`` if it is new or empty, else one below ``state_dir/runs``.

    Its name ends in the id of the ``operation`` it records, by which it is found again. Raises
    Conflict when ``given`` holds something: a run never writes over another.
    """
    if given is not None:
        _make(given)
        if any(given.iterdir()):
            raise Conflict(f"{given} is not empty", hint="give --run-dir a new directory")
        return RunDir(given)
    instant = f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z"
    name = f"{instant}-{verb}-{operation or new_operation_id()}"
    path = state_dir / "runs" / name
    _make(path)
    return RunDir(path)


def free_bytes(path: Path) -> int:
    """What this user may still write to a directory's file system."""
    return shutil.disk_usage(path).free


def require_room(run: RunDir, *, free: Callable[[Path], int] = free_bytes) -> None:
    """Refused, and the empty run removed, when its evidence may not fit on the disk (G15, F6)."""
    left = free(run.path)
    if left >= LEAST_FREE:
        return
    run.drop_undescribed()
    raise Refused(
        f"{run.path.parent}: {left / 2**20:.1f} MiB are free, a drill's evidence wants "
        f"{LEAST_FREE // 2**20} MiB; nothing was harmed",
        hint="make room there, or name another place: --run-dir DIRECTORY",
        code="ADR-RUN-DIR-FULL",
    )


def find_run(state_dir: Path, wanted: str) -> RunDir:
    """The run called ``wanted``: a directory, a run's name, its short id, or ``latest``.

    The latest is the newest that was described: what was refused before it began has no page.
    Raises BadInput naming the newest runs.
    """
    as_path = Path(wanted)
    if (as_path / DESCRIPTION).is_file():
        return RunDir(as_path)
    known = runs(state_dir)
    newest = (run for run in reversed(known) if (run.path / DESCRIPTION).is_file())
    if wanted == LATEST and (latest := next(newest, None)) is not None:
        return latest
    matching = [run for run in known if run.name == wanted or run.name.endswith(f"-{wanted}")]
    if len(matching) == 1:
        return matching[0]
    named = ", ".join(run.name for run in islice(newest, 3)) or "none yet"
    raise BadInput(f"there is no run {wanted!r}", hint=f"the newest runs are: {named}")


def runs(state_dir: Path) -> list[RunDir]:
    """All runs, oldest first."""
    folder = state_dir / "runs"
    if not folder.is_dir():
        return []
    found = (p for p in folder.iterdir() if p.is_dir() and _NAME.fullmatch(p.name))
    return [RunDir(path) for path in sorted(found, key=lambda p: p.name)]


def _make(path: Path) -> None:
    try:
        path.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"{path} cannot be made: {error.strerror}", hint="say another place with --run-dir"
        ) from error
