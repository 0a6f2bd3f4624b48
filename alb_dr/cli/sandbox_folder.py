"""Where the one sandbox of this user lives."""

from pathlib import Path

from alb_dr.cli.context import Context


def sandbox_folder(context: Context) -> Path:
    """The folder; nothing is in it while no sandbox runs."""
    return context.state_dir / "sandbox"
