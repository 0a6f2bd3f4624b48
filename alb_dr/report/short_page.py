"""The page of a command that came to no report: one check, and one line of why."""

from __future__ import annotations

from alb_dr.errors import AlbDrError, ExitCode, Interruption
from alb_dr.model.findings import Verdict
from alb_dr.report.document import Check, Page


def reason_page(command: str, error: AlbDrError | Interruption) -> Page:
    """Why there is no report: with the code that ``alb-dr explain`` knows, and what to do next."""
    if isinstance(error, Interruption):
        return short_page(command, Verdict.INCONCLUSIVE, str(error), word="INTERRUPTED")
    text = f"{error.code}: {error.message}"
    word = "REFUSED" if error.exit_code == ExitCode.REFUSED else "ERROR"
    return short_page(command, Verdict.INCONCLUSIVE, text, detail=error.hint or "", word=word)


def dry_run_page(command: str, check: str, text: str) -> Page:
    """A dry run that passed: its one test case is the ``check``, never what was not done."""
    return short_page(command, Verdict.PASS, text, word="DRY RUN", check=f"{check} (dry run)")


def short_page(
    command: str, verdict: Verdict, text: str, *, detail: str = "", word: str = "", check: str = ""
) -> Page:
    """What the command came to; ``detail`` says what to do next, ``word`` what it is called.

    ``check`` is the test case's name, where it is not the command's.
    """
    return Page(
        title=f"alb-dr {command}",
        verdict=verdict,
        word=word,
        headline=f"{text}; {detail}" if detail else text,
        sections=(),
        checks=(Check(name=check or command, verdict=verdict, text=text, detail=detail),),
        footer="no run was kept" if word else "",
        command=command,
    )
