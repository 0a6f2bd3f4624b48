"""The entry point: run a command, turn a failure into words and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

from alb_dr import __version__
from alb_dr.errors import AlbDrError, BadInput, ExitCode, Interruption, RestoreIncomplete

VERSION_CALLS = (["version"], ["--version"])
"""Answered before anything heavy is imported."""


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    code = run(sys.argv[1:])
    if code:
        from alb_dr.cli.signals import SIGNALS

        SIGNALS.ignore()
    sys.exit(code)


def run(argv: Sequence[str]) -> int:
    """Run one command line; the exit code. Never raises."""
    if list(argv) in VERSION_CALLS:
        sys.stdout.write(f"alb-dr {__version__}\n")
        return int(ExitCode.OK)
    from alb_dr.cli.options import hoist
    from alb_dr.cli.signals import SIGNALS

    os.umask(0o077)
    SIGNALS.install()
    words = hoist(argv)
    try:
        return _invoke(words)
    except AlbDrError as error:
        return _failed(error, words)
    except Interruption as interruption:
        if interruption.is_deadline:
            return _failed(_too_late(), words)
        _say(f"interrupted: {interruption}")
        return int(interruption.exit_code)
    except BrokenPipeError:
        from alb_dr.cli.answer import abandon_stdout

        # What it wanted is done.
        abandon_stdout()
        return int(ExitCode.OK)
    except Exception as error:  # noqa: BLE001  the last resort: a bug must not print a traceback
        return _bug(error, words)


def _too_late() -> AlbDrError:
    from alb_dr.errors import DeadlineExceeded

    return DeadlineExceeded(
        "the command did not end within its --deadline",
        hint="whatever harmed was put back; what was written otherwise stays, and running it "
        "again is safe",
        code="ADR-DEADLINE",
    )


def _invoke(words: list[str]) -> int:
    import typer

    from alb_dr.cli.app import app

    usage_error = cast("type[Exception]", typer.BadParameter.__mro__[2])
    try:
        result = app(words, prog_name="alb-dr", standalone_mode=False)
    except typer.Exit as leaving:
        return leaving.exit_code
    except typer.Abort:
        raise Interruption(2) from None
    except usage_error as error:
        raise BadInput(_usage(error), hint=_help_hint(error)) from None
    return result if isinstance(result, int) else 0


def _usage(error: BaseException) -> str:
    words = getattr(error, "format_message", lambda: str(error))()
    return str(words).rstrip(".").replace("\n", " ")


def _help_hint(error: BaseException) -> str:
    path = getattr(getattr(error, "ctx", None), "command_path", "alb-dr")
    return f"see: {path} --help"


def _failed(error: AlbDrError, words: Sequence[str]) -> int:
    if _wants_json(words):
        from alb_dr.report.envelope import dump, envelope

        document = envelope(_command(words), exit_code=error.exit_code, errors=[error])
        with suppress(OSError):
            sys.stdout.write(dump(document) + "\n")
    for line in describe(error):
        _say(line)
    return int(error.exit_code)


def describe(error: AlbDrError) -> list[str]:
    """The lines a person reads: one reason (or one per complaint), then one hint."""
    loud = "RESTORE INCOMPLETE" if isinstance(error, RestoreIncomplete) else "error"
    complaints = getattr(error, "complaints", None)
    lines = list(complaints) if complaints else [f"{loud}[{error.code}]: {error.message}"]
    for word, listed in (
        ("applied", getattr(error, "applied", ())),
        ("not applied", getattr(error, "not_applied", ())),
    ):
        lines += [f"  {word}: {item}" for item in listed]
    if error.hint:
        lines.append(f"  hint: {error.hint}")
    return lines


def _bug(error: Exception, words: Sequence[str]) -> int:
    if "--debug" in words:
        import traceback

        traceback.print_exc()
    kind = type(error).__name__
    bug = AlbDrError(
        f"unexpected {kind}; this is a bug in alb-dr",
        hint="run again with --debug and report what it prints",
    )
    return _failed(bug, words)


def _wants_json(words: Sequence[str]) -> bool:
    joined = " ".join(words)
    return any(form in joined for form in ("-o json", "-ojson", "--output json", "--output=json"))


def _command(words: Sequence[str]) -> list[str]:
    """The command's name among the words: a verb, or a group with its verb."""
    from alb_dr.cli.app import GROUPS, VERBS

    for n, word in enumerate(words):
        if word in GROUPS:
            return list(words[n : n + 2])
        if word in VERBS:
            return [word]
    return []


def _say(line: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
