"""The answer on stdout: words for a person, or one envelope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from alb_dr.cli.context import context_of
from alb_dr.cli.stdout import write
from alb_dr.cli.telling import tell
from alb_dr.errors import AlbDrError, BadInput, ExitCode
from alb_dr.report.envelope import dump, envelope


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
    error: AlbDrError | None = None,
) -> None:
    """Say the answer in the wanted format, and leave with ``exit_code`` when it is not 0.

    ``error`` is what ended a command that has an answer all the same; it is told after that.
    An answer that cannot be written is bad input (2), but changes no other code.
    """
    text = human
    if context_of(ctx).wants_json:
        errors = [error] if error is not None else []
        document = envelope(
            command_words(ctx), exit_code=exit_code, data=data, verdict=verdict, errors=errors
        )
        text = dump(document)
    conclude(ctx, text, exit_code=exit_code, error=error)


def conclude(
    ctx: typer.Context, text: str, *, exit_code: ExitCode, error: AlbDrError | None = None
) -> None:
    """Write the text, tell the error, and leave with ``exit_code`` when it is not 0."""
    try:
        if text:
            write(text)
    except BadInput as lost:
        if not exit_code:
            raise
        context_of(ctx).narrator.warn(lost.message)
    if error is not None:
        tell(error)
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
