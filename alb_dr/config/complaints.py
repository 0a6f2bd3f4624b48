"""Complaints: everything wrong with a project file, one line each, with file, line, key, reason."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from alb_dr.config.document import KeyPath, ProjectDocument
from alb_dr.config.schema import GatewayPart, MemberPart, ProjectPart
from alb_dr.model.printable import printable
from alb_dr.model.weights import TOTAL

_LONGEST = 200
"""Characters of a reason; the rest of a huge value helps nobody."""


def complaints_of(document: ProjectDocument, error: ValidationError) -> list[str]:
    """The complaints of pydantic in our words."""
    lines = []
    for item in error.errors():
        key = _key(item["loc"], str(item["type"]))
        lines.append(complaint(document, key, _reason(item, key)))
    return lines


def complaint(document: ProjectDocument, key: KeyPath, reason: str) -> str:
    """One line: ``FILE:LINE: key.path: reason``."""
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    where = words.lstrip(".") or "the file"
    if len(reason) > _LONGEST:
        reason = reason[: _LONGEST // 2] + " ... " + reason[-_LONGEST // 2 :]
    return f"{document.path}:{document.line(key)}: {printable(where)}: {printable(reason)}"


def _key(location: tuple[int | str, ...], kind: str) -> KeyPath:
    """Pydantic's location without its mark for "the key itself"; keys that are no words as such."""
    if location[-1:] == ("[key]",) and kind != "extra_forbidden":
        location = location[:-1]
    return (*location[:-1], str(location[-1])) if kind == "invalid_key" else location


def _reason(item: Mapping[str, Any], key: KeyPath) -> str:
    kind, message = str(item["type"]), str(item["msg"])
    if kind == "extra_forbidden":
        known = _keys_at(key[:-1])
        close = difflib.get_close_matches(str(key[-1]), known, n=1)
        fix = f"did you mean {close[0]}?" if close else f"known are: {', '.join(known)}"
        return f"unknown key; {fix}"
    if kind == "missing":
        return "is missing"
    if kind == "too_short" and key[-1:] == ("zoneMappings",):
        return "an ALB needs vSwitches in at least two zones; add one"
    if kind == "too_short" and key == ("members",):
        return "disaster recovery needs at least two members; add one"
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return "must be a mapping (key: value lines)"
    return _plain(message)


def _plain(message: str) -> str:
    message = message.removeprefix("Value error, ").replace("Input should be", "must be")
    return message if message.startswith(("'", '"')) else message[:1].lower() + message[1:]


def _keys_at(key: KeyPath) -> list[str]:
    """The keys the format knows at a place."""
    model: Any = ProjectPart
    for part in key:
        if isinstance(part, int):
            continue
        fields = {f.alias or name: f for name, f in model.model_fields.items()}
        model = _model_in(fields[part].annotation) if part in fields else None
        if model is None:
            return []
    return [f.alias or name for name, f in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """The sections of a file that are well-formed on their own; None for one that is not."""

    mode: str | None
    members: list[MemberPart] | None
    weights: dict[str, int] | None
    gateway: GatewayPart | None
    listen_port: dict[str, int] | None


def sections_of(content: object) -> Sections:
    """Whatever can be understood, so that one bad key does not hide what else is wrong."""
    raw = content if isinstance(content, dict) else {}
    ingress = raw.get("ingress")
    ports = ingress.get("listenPort") if isinstance(ingress, dict) else None
    return Sections(
        mode=_section(str, raw.get("mode", "active-active")),
        members=_section(list[MemberPart], raw.get("members")),
        weights=_section(dict[str, int], raw.get("weights")),
        gateway=_section(GatewayPart, raw.get("gateway")),
        listen_port=_section(dict[str, int], ports),
    )


def _section(shape: Any, value: object) -> Any:
    """A section decoded alone, unknown keys left out (they are complained about elsewhere)."""
    adapter: TypeAdapter[Any] = TypeAdapter(shape)
    for _ in range(20):
        try:
            return adapter.validate_python(value, strict=True)
        except ValidationError as error:
            extras = [e["loc"] for e in error.errors() if e["type"] == "extra_forbidden"]
            if not extras:
                return None
            value = _without(value, extras)
    return None


def _without(value: object, keys: Sequence[tuple[int | str, ...]]) -> object:
    value = copy.deepcopy(value)
    for *parents, last in keys:
        inner: Any = value
        for part in parents:
            inner = inner[part]
        inner.pop(last, None)
    return value


def cross_checks(document: ProjectDocument) -> Iterator[str]:
    """What no single key shows: sums, references, duplicates."""
    sections = sections_of(document.content)
    found: list[tuple[KeyPath, str]] = []
    if sections.members is not None:
        found += _members(sections.members)
    if sections.weights is not None and sections.members is not None:
        found += _weights(sections.weights, sections.members, sections.mode)
    if sections.gateway is not None:
        found += _gateway(sections.gateway)
        if sections.listen_port is not None:
            found += _ingress(sections.listen_port, sections.gateway)
    for key, reason in found:
        yield complaint(document, key, reason)


def _members(members: Sequence[MemberPart]) -> Iterator[tuple[KeyPath, str]]:
    for field in ("id", "name"):
        values = [getattr(m, field) for m in members]
        for n in _repeated(values):
            yield ("members", n, field), f"{values[n]} is named twice"
    ids = {m.id: m for m in members}
    for n, member in enumerate(members):
        if ids.get(member.name, member) is not member:
            yield ("members", n, "name"), f"{member.name} is the id of another member"


def _repeated(values: Sequence[str]) -> list[int]:
    return [n for n, value in enumerate(values) if value in values[:n]]


def _weights(
    weights: Mapping[str, int], members: Sequence[MemberPart], mode: str | None
) -> Iterator[tuple[KeyPath, str]]:
    known = {key: m.id for m in members for key in (m.name, m.id)}
    given: dict[str, int] = {}
    for name, weight in weights.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            fix = f"; did you mean {close[0]}?" if close else ""
            yield ("weights", name), f"is no member{fix}"
        elif known[name] in given:
            yield ("weights", name), "this member is given two weights"
        else:
            given[known[name]] = weight
        if not 0 <= weight <= TOTAL:
            yield ("weights", name), f"{weight} is outside 0 to {TOTAL}"
    for member in members:
        if member.id not in given:
            yield ("weights",), f"no weight for {member.name}; give it one, 0 if it stands by"
    total = sum(weights.values())
    if total != TOTAL:
        yield ("weights",), f"the weights sum to {total}, not {TOTAL}; change one of them"
    primary = [name for name, weight in weights.items() if weight > TOTAL / 2]
    if mode == "primary-secondary" and len(primary) != 1:
        yield ("weights",), "primary-secondary needs one member with more than 50"


def _gateway(gateway: GatewayPart) -> Iterator[tuple[KeyPath, str]]:
    switches = [z.v_switch_id for z in gateway.zone_mappings]
    for n in _repeated(switches):
        yield ("gateway", "zoneMappings", n, "vSwitchId"), f"{switches[n]} is named twice"
    zones = [z.zone_id or f"unknown {n}" for n, z in enumerate(gateway.zone_mappings)]
    for n in _repeated(zones):
        reason = f"two vSwitches in {zones[n]}; an ALB needs two zones"
        yield ("gateway", "zoneMappings", n, "zoneId"), reason
    ports = [str(listener.port) for listener in gateway.listeners]
    for n in _repeated(ports):
        yield ("gateway", "listeners", n, "port"), f"port {ports[n]} is named twice"


def _ingress(listen_port: Mapping[str, int], gateway: GatewayPart) -> Iterator[tuple[KeyPath, str]]:
    listeners = {(str(item.protocol), item.port) for item in gateway.listeners}
    for protocol, port in listen_port.items():
        if (protocol, port) not in listeners:
            have = ", ".join(f"{name} {number}" for name, number in sorted(listeners))
            reason = f"{protocol} {port} is no listener of the gateway ({have}); make them agree"
            yield ("ingress", "listenPort"), reason
