"""``alb-dr init``: write the project file: by flags, questions, discovery or a live Fleet."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.beginning import Beginning, answers_of
from alb_dr.errors import BadInput, Refused

if TYPE_CHECKING:
    from alb_dr.config.answers import Answers


def init(  # noqa: PLR0913, PLR0917  every value can be said by a flag
    ctx: typer.Context,
    file: Annotated[Path, typer.Option("--file", metavar="FILE", help="What to write.")] = Path(
        "alb-dr.yaml"
    ),
    discover: Annotated[
        bool, typer.Option("--discover", help="Ask the cloud; fetch the kubeconfigs too.")
    ] = False,
    from_live: Annotated[
        bool, typer.Option("--from-live", help="Read a Fleet's gateway and weighted Ingress.")
    ] = False,
    fleet: Annotated[
        str | None, typer.Option("--fleet", metavar="ID", help="Which Fleet to discover.")
    ] = None,
    ingress: Annotated[
        str | None, typer.Option("--ingress", metavar="NS/NAME", help="Which live Ingress.")
    ] = None,
    region: Annotated[str | None, typer.Option(metavar="REGION")] = None,
    fleet_kubeconfig: Annotated[
        str | None, typer.Option("--fleet-kubeconfig", metavar="FILE")
    ] = None,
    member: Annotated[
        list[str] | None,
        typer.Option(metavar="id=...,name=...,zone=...,kubeconfig=...", help="Repeat it."),
    ] = None,
    vswitch: Annotated[
        list[str] | None, typer.Option(metavar="ID[=ZONE]", help="One per zone; repeat it.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(metavar="20,80", help="Even unless said otherwise.")
    ] = None,
    host: Annotated[str, typer.Option(metavar="NAME")] = "alb.ingress.alibaba.com",
    path: Annotated[str, typer.Option(metavar="PATH")] = "/svc1",
    port: Annotated[int, typer.Option(metavar="PORT", min=1, max=65_535)] = 8001,
    with_templates: Annotated[
        bool, typer.Option("--with-templates", help="Copy the templates beside it, to edit.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite.")] = False,
) -> None:
    """Write a commented, valid project file; ask for what no flag says."""
    if file.exists() and not force:
        raise Refused(f"{file} exists already", hint="name another --file, or --force")
    beginning = Beginning(
        file=file,
        discover=discover,
        from_live=from_live,
        fleet=fleet,
        ingress=ingress,
        region=region,
        fleet_kubeconfig=fleet_kubeconfig,
        members=tuple(member or ()),
        vswitches=tuple(vswitch or ()),
        weights=weights,
        host=host,
        path=path,
        port=port,
        force=force,
    )
    answers, fetched = answers_of(ctx, beginning)
    _write(file, answers)
    copied = _copy_templates(file.parent / "templates") if with_templates else None
    human = "".join(f"{path} is fetched\n" for path in fetched)
    human += f"{file} is written; next: alb-dr render, then alb-dr check --pre"
    if copied is not None:
        human += f"\n{copied} holds the templates; use them with ALB_DR_TEMPLATES={copied}"
    data = {
        "file": str(file),
        "templates": str(copied) if copied else None,
        "kubeconfigs": [str(path) for path in fetched],
    }
    answer(ctx, human, data)


def _write(file: Path, answers: "Answers") -> None:
    """Check the text as if it were read, then write it."""
    from alb_dr.config.document import parse_document
    from alb_dr.config.loader import check
    from alb_dr.config.starter import starter

    text = starter(answers)
    check(parse_document(file, text))
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}") from None


def _copy_templates(folder: Path) -> Path:
    """Copy the templates; Refused when the folder is there already."""
    from alb_dr.render.library import copy_templates, template_library

    if folder.exists():
        raise Refused(f"{folder} exists already", hint="remove it, or edit it as it is")
    copy_templates(template_library(), folder)
    return folder
