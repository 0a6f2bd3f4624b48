"""What becomes of a document that does not fit its kind: told, mended or refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from alb_dr.sandbox.kube.fieldset import key_step, list_key, words
from alb_dr.sandbox.kube.resources import Resource
from alb_dr.sandbox.kube.schema import KEY, Place, WrongTypeError, dotted, pruned
from alb_dr.sandbox.kube.status import ApiError, Json, bad_request, invalid

_NAMELESS = (
    'associative list with keys has an element that omits key field "name" (and doesn\'t have '
    "default value)"
)
DIRECTIVES = ("Ignore", "Strict", "Warn")
LONGEST_WARNINGS = 4096
"""Characters of all warnings of one answer, as a real API server's bound."""


@dataclass(slots=True)
class Validation:
    """What one request wants done about unknown fields, and the warnings of its answer."""

    directive: str = "Warn"
    warnings: list[str] = field(default_factory=list)

    def decoded(self, resource: Resource, document: Json) -> Json:
        """A document as sent to create or replace, without unknown fields.

        400 for a value of a wrong type, and for an unknown field if strict.
        """
        kept, problem = self._looked_at(resource, document)
        if problem:
            raise bad_request(
                f'{resource.kind} in version "{resource.version}" cannot be handled as a '
                f"{resource.kind}: {problem}"
            )
        return kept

    def patched(self, resource: Resource, document: Json, shown: str | None) -> Json:
        """A patched document without unknown fields; 422 where a whole one is refused.

        ``shown`` is what the refusal repeats: the patch, or None for the patched document.
        """
        kept, problem = self._looked_at(resource, document)
        if problem:
            value = json.dumps(document, separators=(",", ":")) if shown is None else shown
            message = f"Invalid value: {json.dumps(value)}: {problem}"
            raise invalid("", "", "", [("FieldValueInvalid", "patch", message)])
        return kept

    def _looked_at(self, resource: Resource, document: Json) -> tuple[Json, str]:
        """The document without unknown fields, and what it is refused for, if it is."""
        try:
            kept, places = pruned(resource, document)
        except WrongTypeError as error:
            return document, error.decoding()
        problems = list(dict.fromkeys(f'unknown field "{dotted(place)}"' for place in places))
        if problems and self.directive == "Strict":
            return kept, f"strict decoding error: {', '.join(problems)}"
        if self.directive == "Warn":
            self.warnings += problems
        return kept, ""

    def headers(self) -> list[str]:
        """The values of the answer's Warning headers; what a header cannot hold is left out."""
        fit: list[str] = []
        for text in self.warnings:
            quoted = text.replace("\\", "\\\\").replace('"', '\\"')
            longer = sum(map(len, fit)) + len(quoted) > LONGEST_WARNINGS
            if text.isprintable() and not longer:
                fit.append(quoted)
        return [f'299 - "{text}"' for text in fit]


def validation_of(directive: str, method: str) -> Validation:
    """What ``fieldValidation`` asks for; 422 for a word that is none of the three."""
    if directive and directive not in DIRECTIVES:
        kind = {"POST": "CreateOptions", "PUT": "UpdateOptions"}.get(method, "PatchOptions")
        supported = ", ".join(f'"{word}"' for word in DIRECTIVES)
        message = f"Unsupported value: {json.dumps(directive)}: supported values: {supported}"
        causes = [("FieldValueNotSupported", "fieldValidation", message)]
        raise invalid(kind, "meta.k8s.io", "", causes)
    return Validation(directive or "Warn")


def check_applied(resource: Resource, document: Json, subject: str) -> Json:
    """An applied document as it is taken; 500, as by a real API, where it does not fit its kind."""
    kept = document
    try:
        kept, places = pruned(resource, document)
        found = [f"{_named(document, place)}: field not declared in schema" for place in places]
        found += _nameless(kept, "")
    except WrongTypeError as error:
        found = [f"{_named(document, error.place)}: {error.applying()}"]
    if found:
        text = found[0] if len(found) == 1 else "\n  ".join(["errors:", *found])
        raise ApiError(500, "", f"failed to create typed patch object ({subject}): {text}")
    return kept


def _nameless(value: Any, at: str) -> Iterator[str]:
    """The items of lists by name that have none."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        if name not in {"containers", "initContainers", "env", "volumes"}:
            yield from _nameless(inner, f"{at}.{name}")
            continue
        for n, item in enumerate(inner if isinstance(inner, list) else []):
            if isinstance(item, dict) and item.get("name") is None:
                yield f"{at}.{name}: element {n}: {_NAMELESS}"
            yield from _nameless(item, f"{at}.{name}[{n}]")


def _named(document: Any, place: Place) -> str:
    """A place as an apply names it: ``.spec.containers[name="web"].bogus``."""
    text, here = "", document
    for n, step in enumerate(place):
        if isinstance(step, int):
            keys = list_key(str(place[n - 1]).removeprefix(KEY), here, typed=True)
            text += words((key_step(here[step], keys),)) if keys else f"[{step}]"
            here = here[step]
        else:
            text += f".{step.removeprefix(KEY)}"
            here = here.get(step.removeprefix(KEY))
    return text


def go_words(value: Any) -> str:
    """A value as Go prints it: ``map[a:1 b:[x y]]``."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{k}:{go_words(value[k])}" for k in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(go_words(item) for item in value) + "]"
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)
