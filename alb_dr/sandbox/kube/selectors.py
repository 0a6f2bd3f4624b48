"""Label and field selectors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from alb_dr.sandbox.kube.status import Json, bad_request

Matcher = Callable[[Mapping[str, str]], bool]

_REQUIREMENT = re.compile(
    r"\s*(?:(?P<absent>!)\s*(?P<nkey>[\w./-]+)"
    r"|(?P<key>[\w./-]+)\s*(?:(?P<op>==|!=|=|>|<)\s*(?P<value>[\w.-]*)"
    r"|\s+(?P<in>in|notin)\s*\((?P<values>[^)]*)\))?)\s*(?P<end>,|$)",
    re.ASCII,
)


def label_selector(text: str) -> Matcher:
    """Whether labels match; 400 for a selector that cannot be parsed."""
    tests: list[Matcher] = []
    at, more = 0, bool(text.strip())
    while more:
        found = _REQUIREMENT.match(text, at)
        if not found:
            raise bad_request(
                f"found '{text[at:].strip()}', expected: !, identifier, or 'end of string'"
            )
        tests.append(_test(found))
        at, more = found.end(), bool(found["end"])
    return lambda labels: all(test(labels) for test in tests)


def _test(found: re.Match[str]) -> Matcher:
    if found["absent"]:
        key = found["nkey"]
        return lambda labels: key not in labels
    key = found["key"]
    if found["in"]:
        values = {v.strip() for v in found["values"].split(",")}
        if found["in"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found["op"]:
        value = found["value"]
        if found["op"] == "!=":
            return lambda labels: labels.get(key) != value
        if found["op"] in {">", "<"}:
            return _compares(key, found["op"], value)
        return lambda labels: labels.get(key) == value
    return lambda labels: key in labels


def takes(selector: Json, labels: Mapping[str, str]) -> bool:
    """Whether labels match a LabelSelector: all of ``matchLabels`` and of ``matchExpressions``."""
    wanted = (selector.get("matchLabels") or {}).items()
    rules = selector.get("matchExpressions") or []
    return wanted <= labels.items() and all(_holds(rule, labels) for rule in rules)


def _holds(rule: Json, labels: Mapping[str, str]) -> bool:
    key, values = str(rule.get("key")), rule.get("values") or []
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }.get(str(rule.get("operator")), False)


def _compares(key: str, op: str, value: str) -> Matcher:
    """Whole numbers only: another limit is refused, a label of another kind does not match."""
    limit = _whole(value)
    if limit is None:
        raise bad_request(
            f"values[0][{key}]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, "
            "the value must be an integer"
        )

    def matches(labels: Mapping[str, str]) -> bool:
        number = _whole(labels.get(key, ""))
        return number is not None and (number > limit if op == ">" else number < limit)

    return matches


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d+", text, re.ASCII) else None


def field_selector(text: str, *, known: frozenset[str] = frozenset()) -> Callable[[Json], bool]:
    """Whether a document's fields match; terms are ``path=value`` or ``path!=value``.

    400 for a field that is neither name nor namespace nor among ``known``.
    """
    terms: list[tuple[str, bool, str]] = []
    for term in filter(None, text.split(",")):
        found = re.fullmatch(r"\s*([\w./\[\]-]+)\s*(==|!=|=)\s*(.*?)\s*", term)
        if not found:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        if found[1] not in {"metadata.name", "metadata.namespace", *known}:
            raise bad_request(
                f'"{found[1]}" is not a known field selector: only "metadata.name", '
                '"metadata.namespace"'
            )
        terms.append((found[1], found[2] != "!=", found[3]))
    return lambda document: all((_dig(document, p) == v) == same for p, same, v in terms)


def _dig(document: Any, path: str) -> str:
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return "" if document is None else str(document)
