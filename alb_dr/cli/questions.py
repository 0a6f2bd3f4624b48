"""The questions of ``alb-dr init``: flags first, then a terminal, else the flag is named."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from alb_dr.cli.confirm import put
from alb_dr.errors import BadInput

if TYPE_CHECKING:
    from alb_dr.config.answers import MemberAnswer


def members(given: list[str]) -> tuple[MemberAnswer, ...]:
    """The members of the flags, or two that are asked for."""
    from alb_dr.config.answers import MemberAnswer, member_answer

    if given:
        return tuple(member_answer(text) for text in given)
    found = []
    for n in (1, 2):
        name = ask(f"name of member {n} (as its answers say it)", f"poc-ack-{n}")
        found.append(
            MemberAnswer(
                name=name,
                id=ask(f"cluster id of {name}", None),
                zone=ask(f"zone of {name} (may be empty)", ""),
                kubeconfig=ask(f"kubeconfig of {name}", f"{name}.kubeconfig"),
            )
        )
    return tuple(found)


def vswitches(given: list[str]) -> tuple[tuple[str, str], ...]:
    """The vSwitches of the flags with their zones, or two that are asked for."""
    words = given or [
        ask(f"vSwitch {n} of the gateway (ID, or ID=ZONE)", None) for n in ("one", "two")
    ]
    return tuple((word.partition("=")[0], word.partition("=")[2]) for word in words)


def weights(text: str | None, count: int) -> tuple[int, ...]:
    """The weights of the flag, or even ones."""
    from alb_dr.config.answers import even_weights
    from alb_dr.model.weights import parse_weight

    if text is None:
        return even_weights(count)
    words = text.replace(" ", ",").split(",")
    if len(words) != count:
        raise BadInput(f"{len(words)} weights are given for {count} members")
    return tuple(parse_weight(word, of=f"member {n + 1}") for n, word in enumerate(words))


def ask(what: str, default: str | None) -> str:
    """Ask on a terminal; without one the flag is missing."""
    if not sys.stdin.isatty():
        if default:
            return default
        raise BadInput(
            f"{what} is not given, and there is no terminal to ask on",
            hint="give it as a flag: alb-dr init --help",
        )
    shown = f" [{default}]" if default else ""
    while True:
        put(f"{what}{shown}: ")
        line = sys.stdin.readline()
        if not line:
            raise BadInput(f"{what} is not given")
        if line.strip() or default is not None:
            return line.strip() or (default or "")
