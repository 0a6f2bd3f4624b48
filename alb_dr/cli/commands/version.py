"""``alb-dr version``."""

import typer

from alb_dr import __version__
from alb_dr.cli.answer import answer


def version(ctx: typer.Context) -> None:
    """Say which alb-dr this is."""
    answer(ctx, f"alb-dr {__version__}", {"version": __version__})
