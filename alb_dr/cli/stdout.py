"""Writing to stdout, and leaving: a reader may go away, a disk may be full."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

from alb_dr.errors import BadInput


def write(text: str) -> bool:
    """Put text on stdout, ending with one newline; whether somebody reads it.

    A reader that went away wanted no more, and hears no complaint. Raises BadInput where the
    answer is lost otherwise, as on a full disk; nothing more is then written to stdout.
    """
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except OSError as error:
        abandon(sys.stdout)
        if isinstance(error, BrokenPipeError):
            return False
        raise unwritable(error) from error
    return True


def unwritable(error: OSError) -> BadInput:
    """What a person is told whose answer is lost."""
    return BadInput(f"the answer cannot be written: {error.strerror}")


def abandon(stream: TextIO) -> None:
    """Write no more to it; what it still holds would fail again when Python ends (code 120)."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def abandon_unwritable() -> None:
    """Before Python ends: give up what nobody took of stdout and stderr."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            abandon(stream)
