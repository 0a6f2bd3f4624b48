"""Safe text: words of a server, escaped for the format they are put into (safety F73, F74)."""

from __future__ import annotations

import html
import re

from alb_dr.model.printable import printable

_MARKDOWN = re.compile(r"([\\`*_\[\]|<>~&$]|^[#+=-])")
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
"""What starts a numbered list. Before a digit a backslash would be shown."""
_URL = re.compile(r"(?i)\b(https?|ftp|mailto|www)([:.])")
_FORMULA = "=+-@\t\r"


def plain(text: object, *, longest: int = 500) -> str:
    """One line for a terminal: no control, escape or bidirectional characters."""
    return printable(str(text), longest=longest)


def for_html(text: object) -> str:
    """Text or attribute value of an HTML page."""
    return html.escape(plain(text), quote=True)


def for_markdown(text: object) -> str:
    """Text in a Markdown table or paragraph: no markup, no table cells, no links made of it."""
    escaped = _NUMBERED.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\1", plain(text)))
    # The entity keeps renderers from making a link of a bare address.
    return _URL.sub(lambda m: m.group(1) + ("&#58;" if m.group(2) == ":" else "&#46;"), escaped)


def for_xml(text: object) -> str:
    """Text or attribute value of an XML 1.0 document; quotes included."""
    return html.escape(plain(text), quote=True).replace("&#x27;", "&apos;")


def for_csv(text: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    clean = plain(text)
    return f"'{clean}" if clean.startswith(tuple(_FORMULA)) else clean
