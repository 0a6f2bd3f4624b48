"""``alb-dr init``: write the project file, by flags or by questions."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alb_dr.cli.answer import answer
from alb_dr.errors import BadInput, Refused

if TYPE_CHECKING:
    from alb_dr.config.starter import Answers, MemberAnswer


def init(  # noqa: PLR0913, PLR0917  every value can be said by a flag
    ctx: typer.Context,
    file: Annotated[Path, typer.Option("--file", metavar="FILE", help="What to write.")] = Path(
        "alb-dr.yaml"
    ),
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
    from alb_dr.config.starter import Answers

    if file.exists() and not force:
        raise Refused(f"{file} exists already", hint="name another --file, or --force")
    members = _members(member or [])
    answers = Answers(
        region=region or _ask("region", "cn-hongkong"),
        fleet_kubeconfig=fleet_kubeconfig or _ask("kubeconfig of the Fleet", "fleet.kubeconfig"),
        members=members,
        vswitches=_vswitches(vswitch or []),
        weights=_weights(weights, len(members)),
        host=host,
        path=path,
        port=port,
    )
    _write(file, answers)
    copied = _copy_templates(file.parent / "templates") if with_templates else None
    human = f"{file} is written; next: alb-dr render"
    if copied is not None:
        human += f"\n{copied} holds the templates; use them with ALB_DR_TEMPLATES={copied}"
    answer(ctx, human, {"file": str(file), "templates": str(copied) if copied else None})


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


def _members(given: list[str]) -> "tuple[MemberAnswer, ...]":
    from alb_dr.config.starter import MemberAnswer, member_answer

    if given:
        return tuple(member_answer(text) for text in given)
    found = []
    for n in (1, 2):
        name = _ask(f"name of member {n} (as its answers say it)", f"poc-ack-{n}")
        found.append(
            MemberAnswer(
                name=name,
                id=_ask(f"cluster id of {name}", None),
                zone=_ask(f"zone of {name} (may be empty)", ""),
                kubeconfig=_ask(f"kubeconfig of {name}", f"{name}.kubeconfig"),
            )
        )
    return tuple(found)


def _vswitches(given: list[str]) -> tuple[tuple[str, str], ...]:
    words = given or [
        _ask(f"vSwitch {n} of the gateway (ID, or ID=ZONE)", None) for n in ("one", "two")
    ]
    return tuple((word.partition("=")[0], word.partition("=")[2]) for word in words)


def _weights(text: str | None, members: int) -> tuple[int, ...]:
    from alb_dr.config.starter import even_weights
    from alb_dr.model.weights import parse_weight

    if text is None:
        return even_weights(members)
    words = text.replace(" ", ",").split(",")
    if len(words) != members:
        raise BadInput(f"{len(words)} weights are given for {members} members")
    return tuple(parse_weight(word, of=f"member {n + 1}") for n, word in enumerate(words))


def _ask(what: str, default: str | None) -> str:
    """Ask on a terminal; without one the flag is missing."""
    if not sys.stdin.isatty():
        if default:
            return default
        raise BadInput(
            f"{what} is not given, and there is no terminal to ask on",
            hint="give it as a flag: alb-dr init --help",
        )
    shown = f" [{default}]" if default else ""
    while True:
        sys.stderr.write(f"{what}{shown}: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise BadInput(f"{what} is not given")
        if line.strip() or default is not None:
            return line.strip() or (default or "")


def _copy_templates(folder: Path) -> Path:
    """Copy the templates; Refused when the folder is there already."""
    from alb_dr.render.library import copy_templates, template_library

    if folder.exists():
        raise Refused(f"{folder} exists already", hint="remove it, or edit it as it is")
    copy_templates(template_library(), folder)
    return folder
