"""Options that stand on more than one command.

The *global* options (``--config``, ``--kubeconfig``, ``--context``, ``-o/--output``, ``--quiet``,
``--verbose``, ``--debug``, ``--deadline``, ...) may stand anywhere on the line: :func:`hoist` moves
them to the front, where the root callback reads them into the
:class:`~alb_dr.cli.context.Context`. No command declares them again; ``ctx.obj.output`` is the
format.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

GLOBAL_WITH_VALUE = (
    "--config",
    "--kubeconfig",
    "--context",
    "-o",
    "--output",
    "--run-dir",
    "--deadline",
)
"""Global options that take a value."""
GLOBAL_SWITCHES = ("-q", "--quiet", "-v", "--verbose", "--debug", "--accept-cluster")
"""Global options that take none."""
EPILOG = "Global options (--config, -o json, --quiet, ...) may stand anywhere: alb-dr --help"
"""Shown below the help of every command."""

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Ask the server, store nothing, say what would change.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return without waiting for the effect.")]
ForceConflicts = Annotated[
    bool,
    typer.Option("--force-conflicts", help="Take over fields that another manager owns."),
]
Adopt = Annotated[
    bool, typer.Option("--adopt", help="Take over existing objects that alb-dr did not make.")
]
PruneListeners = Annotated[
    bool,
    typer.Option("--prune-listeners", help="Remove live listeners the project file does not name."),
]
ResetWeights = Annotated[
    bool,
    typer.Option("--reset-weights", help="Put the project file's weights back; moves traffic."),
]
AllowDeletions = Annotated[
    bool,
    typer.Option("--allow-deletions", help="Let Argo CD delete Applications no longer generated."),
]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", metavar="FILE", help="Also write Markdown.")
]
JunitFile = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Also write JUnit XML.")
]
HtmlFile = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Also write a page with plots.")
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", help="Longest wait.", min=0.1, max=86_400),
]


def hoist(argv: Sequence[str]) -> list[str]:
    """The same words with the global options first; nothing behind a ``--`` is touched."""
    front: list[str] = []
    rest: list[str] = []
    words = list(argv)
    while words:
        word = words.pop(0)
        name, has_value, _ = word.partition("=")
        if word == "--":
            rest += [word, *words]
            break
        glued = word.startswith("-o") and len(word) > 2
        if word in GLOBAL_SWITCHES or glued or (has_value and name in GLOBAL_WITH_VALUE):
            front.append(word)
        elif word in GLOBAL_WITH_VALUE:
            front += [word, *words[:1]]
            words = words[1:]
        else:
            rest.append(word)
    return front + rest
