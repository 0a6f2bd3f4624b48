"""Identity: which member gave this answer? Pure; a rule applied to a header or a body."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from alb_dr.errors import BadInput
from alb_dr.model.application import IdentityRule, IdentitySource
from alb_dr.model.sample import AMBIGUOUS, UNATTRIBUTED

Attributor = Callable[[bytes, bytes], int]
"""(value of the identity header, body) to a member index or a negative constant."""

HEADER_SEPARATOR = b"\x00"
"""Joins the values of an identity header that came more than once; no header may hold it."""

_CHARS = r"[\w-]"


def attributor(rule: IdentityRule, names: Sequence[str]) -> Attributor:
    """The function that applies ``rule``; names are matched whole, the longest first.

    ``poc-ack-1`` is a prefix of ``poc-ack-10``, so a plain search would credit the wrong member
    (safety F78). Raises BadInput for an expression that cannot be compiled.
    """
    index = {name.encode(): n for n, name in enumerate(names)}
    match rule.source:
        case IdentitySource.BODY:
            return _by_words(names, index)
        case IdentitySource.HEADER:
            return lambda header, _body: _one(header.split(HEADER_SEPARATOR), index)
        case IdentitySource.JSON:
            return _by_pointer(rule.expression, index)
        case IdentitySource.REGEX:
            return _by_regex(rule.expression, index)


def whole_word(names: Sequence[str]) -> re.Pattern[bytes]:
    """A pattern that finds any of the names as a whole word.

    A dash belongs to a word, and so does a dot that is followed by more of it; the dot that ends
    a sentence does not.
    """
    longest_first = sorted(names, key=len, reverse=True)
    choice = "|".join(re.escape(name) for name in longest_first)
    pattern = rf"(?<!{_CHARS})(?<!\w\.)(?:{choice})(?!{_CHARS}|\.\w)"
    return re.compile(pattern.encode())


def header_name(rule: IdentityRule) -> bytes:
    """The lower-case header that must be read for this rule; empty when none."""
    return rule.expression.lower().encode() if rule.source is IdentitySource.HEADER else b""


def _one(found: Sequence[bytes], index: dict[bytes, int]) -> int:
    members = {index[value.strip()] for value in found if value.strip() in index}
    if len(members) > 1:
        return AMBIGUOUS
    return members.pop() if members else UNATTRIBUTED


def _by_words(names: Sequence[str], index: dict[bytes, int]) -> Attributor:
    pattern = whole_word(names)
    return lambda _header, body: _one(pattern.findall(body), index)


def _by_pointer(pointer: str, index: dict[bytes, int]) -> Attributor:
    steps = [s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]]

    def attribute(_header: bytes, body: bytes) -> int:
        try:
            value = json.loads(body)
            for step in steps:
                value = value[int(step)] if isinstance(value, list) else value[step]
        # Whatever a server sends as JSON (too deep, no such key, no JSON) names no member.
        except (ValueError, LookupError, TypeError, RecursionError):
            return UNATTRIBUTED
        return _one([value.encode()], index) if isinstance(value, str) else UNATTRIBUTED

    return attribute


def _by_regex(expression: str, index: dict[bytes, int]) -> Attributor:
    try:
        pattern = re.compile(expression.encode())
    except re.error as error:
        raise BadInput(
            f"identity expression {expression!r} is no regular expression: {error}"
        ) from error

    def attribute(_header: bytes, body: bytes) -> int:
        found = pattern.match(body)
        value = found and (found.group(1) if pattern.groups else found.group(0))
        return _one([value], index) if value else UNATTRIBUTED

    return attribute
