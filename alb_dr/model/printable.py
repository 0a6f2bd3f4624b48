"""Untrusted text made safe to print: no escape sequences, no bidirectional tricks."""

from __future__ import annotations

import unicodedata

_SPACES = {"\n": " ", "\r": " ", "\t": " "}


def printable(text: str, *, longest: int = 500) -> str:
    """The text in one line without control, format, surrogate and private characters.

    Server messages, pod names and response bodies may carry terminal escape sequences or
    right-to-left overrides (safety F73); ``longest`` caps what is kept.
    """
    kept = (_SPACES.get(char, char) for char in text[: longest * 4])
    clean = "".join(char for char in kept if unicodedata.category(char)[0] != "C")
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"
