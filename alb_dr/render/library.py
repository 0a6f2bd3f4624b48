"""Where the templates live: a folder of the user's, the installed package, or a checkout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from alb_dr.errors import BadInput

VARIABLE = "ALB_DR_TEMPLATES"
"""The environment variable that names a folder of edited templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateLibrary:
    """One folder of templates."""

    root: Traversable

    def read(self, name: str) -> str:
        """The text of a template; BadInput when it is not there."""
        try:
            return self.root.joinpath(*name.split("/")).read_text(encoding="utf-8")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise BadInput(
                f"template {name} is not in {self.root}",
                hint="copy the whole folder: alb-dr init --with-templates",
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"template {name} cannot be read: {error}") from None


def template_library(
    override: Path | None = None, *, environ: Mapping[str, str] | None = None
) -> TemplateLibrary:
    """The library to use: the given folder, the environment's, the wheel's, the checkout's."""
    named = override or (Path(environ[VARIABLE]) if environ and environ.get(VARIABLE) else None)
    if named is not None:
        if not named.is_dir():
            raise BadInput(f"{named} is no folder of templates")
        return TemplateLibrary(root=named)
    packaged = files("alb_dr") / "templates"
    if packaged.is_dir():
        return TemplateLibrary(root=packaged)
    checkout = Path(__file__).resolve().parents[2]
    # Without this check a folder of that name beside an installed package could be picked.
    if (checkout / "pyproject.toml").is_file() and (checkout / "templates").is_dir():
        return TemplateLibrary(root=checkout / "templates")
    raise BadInput("the templates are missing from this installation", hint="install alb-dr again")


def copy_templates(library: TemplateLibrary, folder: Path) -> None:
    """Copy every template into a new folder, to be edited there."""
    _copy(library.root, folder)


def _copy(source: Traversable, folder: Path) -> None:
    folder.mkdir(parents=True)
    for entry in source.iterdir():
        if entry.is_dir():
            _copy(entry, folder / entry.name)
        elif entry.name.endswith((".j2", ".md")):
            (folder / entry.name).write_bytes(entry.read_bytes())
