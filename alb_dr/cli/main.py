"""The entry point: run a command, turn a failure into words and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from alb_dr import __version__
from alb_dr.errors import AlbDrError, BadInput, ExitCode, Interruption

VERSION_CALLS = (["version"], ["--version"])
"""Answered before anything heavy is imported."""


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    from alb_dr.cli.signals import SIGNALS
    from alb_dr.cli.stdout import abandon_unwritable

    _open_standard_streams()
    code = run(sys.argv[1:])
    SIGNALS.ignore()
    abandon_unwritable()
    sys.exit(code)


def _open_standard_streams() -> None:
    """Let nothing else be opened as a standard stream that is closed: ``>&-``, ``2>&-``.

    What is meant for a person would go into a run's journal.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # It gets the lowest number that is free, its own: those below are open by now.
            nowhere = Path(os.devnull).open("w" if number else "r")  # noqa: SIM115  stays open
            setattr(sys, name, nowhere)


def run(argv: Sequence[str]) -> int:
    """Run one command line; the exit code. Never raises."""
    if list(argv) in VERSION_CALLS:
        return _version()
    from alb_dr.cli.narrator import say
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
        if interruption.error is not None:
            return _failed(interruption.error, words)
        say(f"interrupted: {interruption}")
        return int(interruption.exit_code)
    except OSError as error:
        return _failed(_unwritten(error) or _bug(error, words), words)
    except Exception as error:  # noqa: BLE001  the last resort: a bug must not print a traceback
        return _failed(_bug(error, words), words)


def _version() -> int:
    from alb_dr.cli.stdout import write

    try:
        write(f"alb-dr {__version__}")
    except BadInput as lost:
        return _failed(lost, ())
    return int(ExitCode.OK)


def _unwritten(error: OSError) -> AlbDrError | None:
    """The complaint when it was typer that could not write: a help, to stdout and nothing else."""
    from traceback import walk_tb

    from alb_dr.cli.stdout import abandon, unwritable

    *_, (frame, _line) = walk_tb(error.__traceback__)
    if not str(frame.f_globals.get("__name__")).startswith("typer."):
        return None
    abandon(sys.stdout)
    return unwritable(error)


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
    except SystemExit as leaving:
        return _left(leaving)
    return result if isinstance(result, int) else 0


def _left(leaving: SystemExit) -> int:
    """How typer leaves by itself: after a completion, and with 1 from a help nobody reads on."""
    if isinstance(leaving.__context__, BrokenPipeError):
        from alb_dr.cli.stdout import abandon

        abandon(sys.stdout)
        return int(ExitCode.OK)
    return leaving.code if isinstance(leaving.code, int) else 0


def _usage(error: BaseException) -> str:
    words = getattr(error, "format_message", lambda: str(error))()
    return str(words).rstrip(".").replace("\n", " ")


def _help_hint(error: BaseException) -> str:
    path = getattr(getattr(error, "ctx", None), "command_path", "alb-dr")
    return f"see: {path} --help"


def _failed(error: AlbDrError, words: Sequence[str]) -> int:
    from alb_dr.cli.narrator import say
    from alb_dr.cli.telling import tell

    if _wants_json(words):
        from alb_dr.cli.stdout import write
        from alb_dr.report.envelope import dump, envelope

        document = envelope(_command(words), exit_code=error.exit_code, errors=[error])
        try:
            write(dump(document))
        except BadInput as lost:
            say(f"warning: {lost.message}")
    tell(error)
    return int(error.exit_code)


def _bug(error: Exception, words: Sequence[str]) -> AlbDrError:
    if "--debug" in words:
        import traceback

        traceback.print_exc()
    kind = type(error).__name__
    return AlbDrError(
        f"unexpected {kind}; this is a bug in alb-dr",
        hint="run again with --debug and report what it prints",
    )


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
