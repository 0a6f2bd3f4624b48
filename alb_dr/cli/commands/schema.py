"""``alb-dr schema``: the format of the project file."""

import typer

from alb_dr.cli.stdout import write


def schema(_ctx: typer.Context) -> None:
    """Print the JSON schema of the project file, for editors."""
    import json

    from alb_dr.config.json_schema import project_schema

    write(json.dumps(project_schema(), indent=2))
