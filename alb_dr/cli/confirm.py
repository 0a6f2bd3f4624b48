"""Consent: ask on a terminal, refuse without ``--yes`` elsewhere."""

from __future__ import annotations

import sys

from alb_dr.errors import BadInput, Refused


def put(question: str) -> None:
    """Put a question on stderr. BadInput where it cannot be read: nobody answers it."""
    try:
        sys.stderr.write(question)
        sys.stderr.flush()
    except OSError as error:
        raise BadInput(
            f"a question cannot be put to anybody: stderr: {error.strerror}",
            hint="give the answer on the line: see --help",
        ) from error


def confirm(question: str, *, yes: bool) -> None:
    """Return when the person agrees; Refused when not, BadInput when nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadInput(
            "this needs consent, and there is no terminal to ask on", hint="add --yes to agree"
        )
    put(f"{question} [y/N] ")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Refused("not confirmed; nothing was changed", code="ADR-DECLINED")


def confirm_typed(what: str, name: str, *, yes: bool) -> None:
    """Return when the person typed ``name``; for consent to what a machine will do by itself."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadInput(
            "this needs consent, and there is no terminal to ask on", hint="add --yes to agree"
        )
    put(f"{what}\ntype {name} to go on: ")
    typed = sys.stdin.readline().strip()
    if typed != name:
        raise Refused(f"{typed!r} is not {name}; nothing was begun", code="ADR-DECLINED")


def confirm_by_name(what: str, name: str, *, given: str | None) -> None:
    """Return when the person typed ``name``, on the line or now; Refused when another one."""
    typed = given
    if typed is None:
        if not sys.stdin.isatty():
            raise BadInput(
                f"this deletes {what}, and there is no terminal to ask on",
                hint=f"if you mean it, add --confirm {name}",
            )
        put(f"this deletes {what}\ntype {name} to go on: ")
        typed = sys.stdin.readline().strip()
    if typed != name:
        raise Refused(
            f"{typed!r} is not {name}; nothing was deleted (it would have been {what})",
            hint=f"to go on: --confirm {name}",
            code="ADR-DECLINED",
        )
