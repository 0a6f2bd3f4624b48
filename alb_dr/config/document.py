"""The project file as data, with the line of every key, so that complaints can point at it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from alb_dr.errors import BadInput

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where there is one: ten times as fast as the one in Python."""
MAX_BYTES = 1_000_000
"""No project file is larger; a bigger file is the wrong file."""

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDocument:
    """The file's content and the line (from 1) where each key stands."""

    path: Path
    content: Any
    lines: dict[KeyPath, int]
    duplicates: tuple[tuple[KeyPath, int], ...]

    def line(self, key: KeyPath) -> int:
        """The line of a key, or of the nearest parent that stands in the file."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)


def read_document(path: Path) -> ProjectDocument:
    """Read and parse; BadInput in one line when that is impossible."""
    try:
        with path.open("rb") as file:  # not read_bytes: a device may never end
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise BadInput(
            f"{path}: no such file",
            hint='make one: alb-dr init; or for a sandbox: eval "$(alb-dr sandbox up)"',
        ) from None
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", hint="name a readable file") from None
    if len(raw) > MAX_BYTES:
        raise BadInput(
            f"{path}: more than {MAX_BYTES} bytes is no project file", hint="name another file"
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 text (byte {error.start})") from None
    return parse_document(path, text)


def parse_document(path: Path, text: str) -> ProjectDocument:
    """Parse the text of a project file. Aliases are refused: a few lines can mean gigabytes."""
    try:
        for token in yaml.scan(text, Loader=LOADER):
            if isinstance(token, yaml.AliasToken):
                line = token.start_mark.line + 1
                raise BadInput(f"{path}:{line}: YAML aliases are not understood here")
        node = yaml.compose(text, Loader=LOADER)
        content = yaml.load(text, Loader=LOADER)  # noqa: S506  a safe one
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"{path}:{line}: not YAML: {error.problem}") from None
    except RecursionError:
        raise BadInput(f"{path}: nested too deeply for a project file") from None
    # A tag like !!bool on a word that is none: PyYAML looks the word up and fails its own way.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadInput(f"{path}: not YAML: {reason}") from None
    lines: dict[KeyPath, int] = {}
    duplicates: list[tuple[KeyPath, int]] = []
    if node is not None:
        _walk(node, (), lines, duplicates)
    return ProjectDocument(path=path, content=content, lines=lines, duplicates=tuple(duplicates))


def _walk(
    node: yaml.Node,
    key: KeyPath,
    lines: dict[KeyPath, int],
    duplicates: list[tuple[KeyPath, int]],
) -> None:
    lines.setdefault(key, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[Hashable] = set()
        for name, value in node.value:
            child = (*key, str(name.value))
            line = name.start_mark.line + 1
            if name.value in seen:
                duplicates.append((child, line))
            seen.add(name.value)
            lines[child] = line
            _walk(value, child, lines, duplicates)
    elif isinstance(node, yaml.SequenceNode):
        for n, value in enumerate(node.value):
            _walk(value, (*key, n), lines, duplicates)
