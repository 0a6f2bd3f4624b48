"""The shell blocks of the guides, with what the pages say about running them.

HTML comments, which no reader sees, steer it. Anywhere on a page:

``<!-- needs: ... -->`` what there is before its first block: ``a sandbox`` (up, nothing applied),
``a gateway`` (and everything applied), nothing otherwise.

Right above a block:

``<!-- not run here: REASON -->`` it is not executed, and why.
``<!-- first: COMMAND -->`` what brings about the situation the page speaks of.
``<!-- exits: N -->`` the code its last command leaves with, if not 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDES = (
    ROOT / "README.md",
    *sorted((ROOT / "docs" / "tutorial").glob("*.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
)
NEEDS = ("nothing", "a sandbox", "a gateway")
_BLOCK = re.compile(r"(?P<before>(?:<!--[^\n]*-->\n)*)```sh\n(?P<text>.*?)```", re.DOTALL)
_NOT_RUN = re.compile(r"<!-- not run here: ([^\n]+?) -->")
_FIRST = re.compile(r"<!-- first: ([^\n]+?) -->")
_EXITS = re.compile(r"<!-- exits: (\d+) -->")
_NEEDS = re.compile(r"<!-- needs: ([^\n]+?) -->")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A shell block; ``skipped`` is the reason why it is not run, or None."""

    line: int
    text: str
    skipped: str | None
    first: str = ""
    exits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A page with its shell blocks, in their order."""

    path: Path
    needs: str
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        """How a test names it."""
        return str(self.path.relative_to(ROOT))

    @property
    def run(self) -> tuple[Block, ...]:
        """The blocks that are executed."""
        return tuple(block for block in self.blocks if block.skipped is None)


def guide(path: Path) -> Guide:
    """A page, read."""
    text = path.read_text()
    needs = _NEEDS.search(text)
    return Guide(path=path, needs=needs[1] if needs else "nothing", blocks=tuple(_blocks(text)))


def _blocks(text: str) -> list[Block]:
    found = []
    for match in _BLOCK.finditer(text):
        skipped = _NOT_RUN.search(match["before"])
        line = text.count("\n", 0, match.start("text")) + 1
        code = _EXITS.search(match["before"])
        found.append(
            Block(
                line=line,
                text=match["text"],
                skipped=skipped[1] if skipped else None,
                first="\n".join(_FIRST.findall(match["before"])),
                exits=int(code[1]) if code else 0,
            )
        )
    return found
