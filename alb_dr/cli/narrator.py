"""The voice on stderr: rich on a terminal, plain lines elsewhere, silence when asked."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from alb_dr.model.manifest import Document

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

    from alb_dr.ports import Narrator


def say(line: str) -> None:
    """Write a line to stderr; a closed stderr must never stop a restore (safety F4)."""
    with suppress(OSError, ValueError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


class SilentNarrator:
    """Says nothing but warnings."""

    def __init__(self, lines: PlainNarrator) -> None:
        self._lines = lines

    @contextmanager
    def phase(self, _title: str) -> Iterator[None]:
        """Nothing."""
        yield

    def note(self, text: str) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """A warning is said even when quiet: it may be about money or traffic."""
        self._lines.warn(text)

    def progress(self, done: float, total: float, text: str = "") -> None:
        """Nothing."""

    def live(self, document: Document) -> None:
        """Nothing."""


class SaidOnce:
    """Says every note and every warning once."""

    def __init__(self, voice: Narrator) -> None:
        self._voice = voice
        self._said: set[str] = set()
        self.phase = voice.phase
        self.progress = voice.progress
        self.live = voice.live

    def note(self, text: str) -> None:
        """A note that was not heard yet."""
        if text not in self._said:
            self._said.add(text)
            self._voice.note(text)

    def warn(self, text: str) -> None:
        """A warning that was not heard yet."""
        if text not in self._said:
            self._said.add(text)
            self._voice.warn(text)


class PlainNarrator:
    """One line per event: for logs, pipes and CI."""

    def __init__(self) -> None:
        self._last_progress = 0.0
        self._progressed = (0.0, "")

    def say(self, line: str) -> None:
        """Write a line to stderr."""
        say(line)

    @contextmanager
    def phase(self, title: str) -> Iterator[None]:
        """``* title`` at the start, ``  done in`` or ``  failed after`` at the end."""
        self.say(f"* {title}")
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self.say(f"  failed after {time.monotonic() - began:.1f} s: {title}")
            raise
        self.say(f"  done in {time.monotonic() - began:.1f} s: {title}")

    def note(self, text: str) -> None:
        """An indented line."""
        self.say(f"  {text}")

    def warn(self, text: str) -> None:
        """A line that says it is a warning."""
        self.say(f"warning: {text}")

    def progress(self, done: float, total: float, text: str = "") -> None:
        """At most one line every five seconds; what has not changed is said again after 30."""
        now = time.monotonic()
        since_s = now - self._last_progress
        if text and since_s >= (30 if (done, text) == self._progressed else 5):
            self._last_progress, self._progressed = now, (done, text)
            self.say(f"  {text} ({done:.0f}/{total:.0f})" if total else f"  {text}")

    def live(self, document: Document) -> None:
        """A live view makes no sense in a log."""


class RichNarrator:
    """A spinner for the current phase, a tick with its duration when it is done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._titles: list[str] = []

    def _show(self, text: str | None) -> None:
        with suppress(OSError, ValueError):
            if text is None:
                if self._status is not None:
                    self._status.stop()
                    self._status = None
            elif self._status is None:
                self._status = self._console.status(text)
                self._status.start()
            else:
                self._status.update(text)

    def _line(self, markup: str, text: str) -> None:
        with suppress(OSError, ValueError):
            self._console.print(markup, end=" ")
            self._console.print(text, markup=False, highlight=False)

    @contextmanager
    def phase(self, title: str) -> Iterator[None]:
        """Spin while the block runs; say how long it took, or that it failed."""
        self._titles.append(title)
        self._show(title)
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self._close()
            self._line("[red]✗[/]", f"{title} ({time.monotonic() - began:.1f} s)")
            raise
        self._close()
        self._line("[green]✓[/]", f"{title} ({time.monotonic() - began:.1f} s)")

    def _close(self) -> None:
        self._titles.pop()
        self._show(self._titles[-1] if self._titles else None)

    def note(self, text: str) -> None:
        """A dim line."""
        self._line("[dim]·[/]", text)

    def warn(self, text: str) -> None:
        """A yellow line."""
        self._line("[yellow]![/]", text)

    def progress(self, done: float, total: float, text: str = "") -> None:
        """Update the words beside the spinner."""
        if self._titles:
            share = f"{100 * done / total:3.0f} %" if total else ""
            self._show(f"{self._titles[-1]}  {text} {share}")

    def live(self, document: Document) -> None:
        """Show the document's values beside the spinner."""
        words = "  ".join(f"{key} {value}" for key, value in document.items())
        if self._titles:
            self._show(f"{self._titles[-1]}  {words}")


def narrator_for(*, quiet: bool, environ: Mapping[str, str]) -> Narrator:
    """The narrator that fits this stderr."""
    if quiet:
        return SilentNarrator(PlainNarrator())
    if not sys.stderr.isatty() or environ.get("TERM") == "dumb" or environ.get("CI"):
        return PlainNarrator()
    from rich.console import Console

    return RichNarrator(Console(stderr=True, no_color="NO_COLOR" in environ))
