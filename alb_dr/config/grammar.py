"""The grammar of names, hosts and ids: typed strings that refuse what cannot be right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_DNS_LABEL = re.compile(_LABEL, re.ASCII)
_DNS_NAME = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*", re.ASCII)
_CLUSTER_ID = re.compile(r"[a-z0-9][-a-z0-9]{0,46}[a-z0-9]", re.ASCII)
_VSWITCH = re.compile(r"vsw-[-a-z0-9]{1,60}", re.ASCII)
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*", re.ASCII)
_MEMBER_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", re.ASCII)
_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9._/][A-Za-z0-9._/+-]{0,200}", re.ASCII)
_REPO_PATH = re.compile(r"[A-Za-z0-9._/-]{1,300}", re.ASCII)
_SSH_REPOSITORY = re.compile(r"[a-z0-9_][a-z0-9._-]*@[a-z0-9.-]+:[A-Za-z0-9._/~-]+", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)  # a token of RFC 9110 §5.6.2
_MAX_PATTERN = 500
_GO_BRACES = ("{{", "}}")


def _matching(pattern: re.Pattern[str], what: str, *, longest: int = 253) -> AfterValidator:
    def check(value: str) -> str:
        if len(value) > longest or not pattern.fullmatch(value):
            raise ValueError(f"{value!r} is no {what}")
        return value

    return AfterValidator(check)


def _repository(value: str) -> str:
    """https or ssh, no user's name and password in it, no local file (safety F71).

    The value is not repeated in a complaint: it may hold a password.
    """
    if re.search(r"[\s\\]|\.\.", value):
        raise ValueError("a repository address must not hold blanks or '..'")
    if _SSH_REPOSITORY.fullmatch(value):
        return value
    parts = urlsplit(value)
    if parts.password or (parts.username and parts.scheme != "ssh"):
        raise ValueError("a repository address must not hold credentials")
    if parts.scheme not in {"https", "ssh"} or not _DNS_NAME.fullmatch(parts.hostname or ""):
        raise ValueError("is no https or ssh address of a repository")
    if parts.query or parts.fragment or (parts.username or "").startswith("-"):
        raise ValueError("a repository address ends with its path; remove what follows ? or #")
    return value


def _inside(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/"):
        raise ValueError(f"{value!r} leaves the repository")
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("control characters are not allowed")
    return value


def _home_known(value: str) -> str:
    """A path whose ``~`` means something; Path.expanduser raises RuntimeError when it does not."""
    if not value:
        raise ValueError("an empty path names no file; remove the key")
    try:
        Path(value).expanduser()
    except RuntimeError:
        raise ValueError(f"{value!r} starts with the home folder of nobody") from None
    return value


def check_expression(source: str, expression: str) -> None:
    """Raise ValueError when an identity rule's expression does not fit its source."""
    if (source == "body") != (expression == ""):
        raise ValueError(
            f"source {source} takes no expression" if expression else "expression is missing"
        )
    if source == "header" and not _HEADER.fullmatch(expression):
        raise ValueError(f"{expression!r} is no header name")
    if source == "json" and not re.fullmatch(r"(/([^~/]|~[01])*)+", expression):
        raise ValueError("a JSON pointer starts with /, and ~ is written ~0 or ~1 (RFC 6901)")
    if source == "regex":
        _check_pattern(expression)


def _check_pattern(expression: str) -> None:
    if len(expression) > _MAX_PATTERN:
        raise ValueError(f"a pattern of more than {_MAX_PATTERN} characters is refused")
    try:
        pattern = re.compile(expression)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"not a regular expression: {error}") from None
    if not expression.startswith("^") or pattern.groups != 1:
        raise ValueError("the pattern starts with ^ and has exactly one group")


def _no_braces(value: str) -> str:
    """Go-template braces would be run by Argo CD (safety F68)."""
    if any(brace in value for brace in _GO_BRACES):
        raise ValueError("Go-template braces are allowed in application.parameters only")
    return value


DnsLabel = Annotated[str, _matching(_DNS_LABEL, "DNS label (a-z, 0-9 and -)", longest=63)]
DnsName = Annotated[str, _matching(_DNS_NAME, "DNS name")]
ClusterId = Annotated[str, _matching(_CLUSTER_ID, "cluster id (2 to 48 of a-z, 0-9, -)")]
VSwitchId = Annotated[str, _matching(_VSWITCH, "vSwitch id (vsw-...)")]
UrlPath = Annotated[str, _matching(_PATH, "URL path (it starts with /)")]
MemberName = Annotated[str, _matching(_MEMBER_NAME, "member name")]
Region = Annotated[str, _matching(_REGION, "region (like cn-hongkong)", longest=40)]
Revision = Annotated[str, _matching(_REVISION, "git revision"), AfterValidator(_inside)]
RepositoryPath = Annotated[
    str, _matching(_REPO_PATH, "path inside a repository", longest=300), AfterValidator(_inside)
]
Repository = Annotated[str, AfterValidator(_no_braces), AfterValidator(_repository)]
Text = Annotated[str, AfterValidator(_printable)]
PlainText = Annotated[str, AfterValidator(_printable), AfterValidator(_no_braces)]
NameText = Annotated[PlainText, Field(min_length=1, max_length=128)]
FilePath = Annotated[PlainText, AfterValidator(_home_known)]
