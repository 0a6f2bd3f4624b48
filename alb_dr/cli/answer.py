"""The answer on stdout: words for a person, or one envelope."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import typer

from alb_dr.cli.context import context_of
from alb_dr.errors import ExitCode
from alb_dr.report.envelope import dump, envelope


def write(text: str) -> None:
    """Put text on stdout, ending with one newline. A closed pipe raises BrokenPipeError."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def abandon_stdout() -> None:
    """Write no more to a reader that went away; else Python complains when it ends."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def command_words(ctx: typer.Context) -> list[str]:
    """The command's name as typed, without the program: ``["gateway", "create"]``."""
    return ctx.command_path.split()[1:]


def answer(
    ctx: typer.Context,
    human: str,
    data: Mapping[str, Any],
    *,
    verdict: str | None = None,
    exit_code: ExitCode = ExitCode.OK,
) -> None:
    """Say the answer in the wanted format, and leave with ``exit_code`` when it is not 0."""
    if context_of(ctx).wants_json:
        document = envelope(command_words(ctx), exit_code=exit_code, data=data, verdict=verdict)
        write(dump(document))
    elif human:
        write(human)
    if exit_code:
        raise typer.Exit(int(exit_code))


def table(rows: list[list[str]], header: list[str]) -> str:
    """Left-aligned columns two blanks apart, as kubectl prints them."""
    widths = [max(len(row[n]) for row in [header, *rows]) for n in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    return "\n".join(lines)
