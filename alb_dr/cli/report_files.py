"""Report files: the same page as Markdown, JUnit and HTML, wherever they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from alb_dr.cli.narrator import say
from alb_dr.errors import AlbDrError, BadInput, Interruption

if TYPE_CHECKING:
    from alb_dr.ports import Narrator
    from alb_dr.report.document import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFiles:
    """Where to write which format; None for one that is not wanted."""

    markdown: Path | None = None
    junit: Path | None = None
    html: Path | None = None
    written: list[Path] = field(default_factory=list, init=False)

    def check(self) -> None:
        """Refuse places that cannot be written before any traffic is sent."""
        for path in (self.markdown, self.junit, self.html):
            if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
                raise BadInput(f"{path} cannot be written: no such folder, or a folder itself")

    @contextmanager
    def or_reason(self, command: str) -> Iterator[None]:
        """When no report comes, write why: an earlier run's must not stand there as this one's."""
        from alb_dr.report.short_page import reason_page

        try:
            yield
        except (AlbDrError, Interruption) as error:
            if not self.written:
                page = reason_page(command, error)
                with suppress(BadInput):
                    # What ended the command is told before what could not be written of it.
                    self._write(page)
            raise

    def write(self, page: Page, narrator: Narrator) -> None:
        """Write all that are wanted, and say which were."""
        self._write(page)
        for path in self.written:
            narrator.note(f"written: {path}")

    def _write(self, page: Page) -> None:
        from alb_dr.report.markdown import markdown

        wanted: list[tuple[Path | None, Callable[[Page], str]]] = [(self.markdown, markdown)]
        if self.junit is not None:
            from alb_dr.report.junit import junit

            wanted.append((self.junit, junit))
        if self.html is not None:
            from alb_dr.report.html import html

            _say_without_plots()
            wanted.append((self.html, html))
        for path, dress in wanted:
            if path is not None:
                _write(path, dress(page))
                self.written.append(path)


def _say_without_plots() -> None:
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        say("warning: the page has no plots: pip install 'alb-dr[plots]'")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error
