"""Private files: kubeconfigs are written so that nobody else ever could read them."""

from __future__ import annotations

import os
from pathlib import Path

from alb_dr.errors import BadInput, Refused


def refuse_existing(paths: list[Path], *, force: bool) -> None:
    """Refused when one of them is there, before any of them is written."""
    there = [str(path) for path in paths if path.exists()]
    if there and not force:
        raise Refused(f"{', '.join(there)} exists already", hint="move it away, or --force")


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 in one step; a symbolic link in its place is not followed."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.unlink(missing_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from None
