"""Take secrets and the places of somebody's machine out of a text that others will read.

Run folders and reports are passed on; command lines and error messages hold absolute paths with
their owner's name, and sometimes a key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

HIDDEN = "***"
_SECRET = r"(?:(?<![a-z0-9])|(?<=api))(?:key|token|secret|password|passwd|pat|credential)s?"
# By what a variable, an option or a parameter of a URL is called: OPENAI_API_KEY, --hf-token.
_NAME = re.compile(rf"{_SECRET}$", re.IGNORECASE)
_NAMED = re.compile(rf"([\w.-]*{_SECRET})=([^\s&'\"]+)", re.IGNORECASE)
# By their looks, as makers document them: OpenAI and Anthropic, Hugging Face, GitHub, GitLab, AWS,
# Slack, Google, JSON Web Tokens.
_LOOKS = re.compile(
    r"(?<![A-Za-z0-9])(?:sk-[\w-]{16,}|hf_\w{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}"
    r"|glpat-[\w-]{16,}|AKIA[0-9A-Z]{16}|xox[abprs]-[\w-]{10,}|AIza[\w-]{30,}"
    r"|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+)"
)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)[^\s/@]+@")
_HEADERS = ("authorization", "cookie")  # of HTTP, that are secrets by another name
_SHORTEST = 8  # a shorter value of a variable is as likely a word of the text
_HOMES = re.compile(r"(?<![\w.])(?:/(?:home|Users)/|[A-Za-z]:\\Users\\)[^\s/\\'\":,;)]+")
_PART = r"[^\s/'\"`,;:()<>|*?]"
_PATH = re.compile(rf"(?<![\w.…~:/\\])/(?:{_PART}+/)+{_PART}*")


def scrub(text: str, root: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The text without secrets; paths in it are told as `place` does.

    Secrets are values of the environment's variables that are called so (`*_KEY`, `*_TOKEN` ...),
    `NAME=VALUE` of such a name, and what looks like the keys of well-known makers.
    """
    return _without_places(_without_secrets(text, environment), root)


def scrub_all(value: Any, root: Path, environment: Mapping[str, str] = os.environ) -> Any:
    """The same of every text in a JSON document; names of fields stay."""
    if isinstance(value, str):
        return scrub(value, root, environment)
    if isinstance(value, Mapping):
        return {key: scrub_all(entry, root, environment) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [scrub_all(entry, root, environment) for entry in value]
    return value


def hide_named(value: Any, name: str = "") -> Any:
    """A JSON document without the texts whose names are called like a secret."""
    if isinstance(value, Mapping):
        return {key: hide_named(entry, key) for key, entry in value.items()}
    if isinstance(value, list):
        return [hide_named(entry, name) for entry in value]
    return HIDDEN if _is_secret(name) and isinstance(value, str) else value


def named_secrets(value: Any, name: str = "") -> set[str]:
    """The texts that `hide_named` takes out of a JSON document."""
    if isinstance(value, Mapping):
        return {text for key, entry in value.items() for text in named_secrets(entry, key)}
    if isinstance(value, list):
        return {text for entry in value for text in named_secrets(entry, name)}
    return {value} if _is_secret(name) and isinstance(value, str) else set()


def _is_secret(name: str) -> bool:
    return bool(_NAME.search(name)) or name.lower() in _HEADERS


def public_url(url: str) -> str:
    """An address without name, password and query: any of them may be a secret."""
    return _LOGIN.sub("", url.partition("?")[0])


def scrub_arguments(
    arguments: Sequence[str], root: Path, environment: Mapping[str, str] = os.environ
) -> list[str]:
    """A command line's arguments; what follows an option that is called like a secret is one."""
    found = []
    for before, argument in zip(("", *arguments), arguments, strict=False):
        secret = before.startswith("-") and _NAME.search(before)
        found.append(HIDDEN if secret else scrub(argument, root, environment))
    return found


def place(path: str, root: Path) -> str:
    """A path as seen from the project; of what lies outside the last two parts, and no home."""
    pure = PurePath(path)
    for folder in {root, root.resolve()}:
        if pure.is_relative_to(folder):
            return str(pure.relative_to(folder))
    parts = list(pure.parts)
    for mark in ("home", "Users"):  # /home/NAME, /export/home/NAME
        if mark in parts[:-1]:
            parts = ["~", *parts[parts.index(mark) + 2 :]]
    homes = [home.parts for home in _own_homes() if pure.is_relative_to(home)]
    if homes:
        parts = ["~", *pure.parts[len(max(homes, key=len)) :]]
    if parts[0] == "~" and len(parts) <= 3:
        return "/".join(parts)
    return "/".join(["…", *parts[-2:]])


def _own_homes() -> set[Path]:
    try:
        home = Path.home()
    except RuntimeError:  # a user that the system does not know
        return set()
    return {h for h in (home, home.resolve()) if len(h.parts) > 1}


def _without_secrets(text: str, environment: Mapping[str, str]) -> str:
    values = {v for name, v in environment.items() if len(v) >= _SHORTEST and _NAME.search(name)}
    for secret in sorted(values, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _LOGIN.sub(f"{HIDDEN}@", _LOOKS.sub(HIDDEN, text))
    return _BEARER.sub(rf"\1 {HIDDEN}", _NAMED.sub(rf"\1={HIDDEN}", text))


def _without_places(text: str, root: Path) -> str:
    known = [(str(folder), "") for folder in (root, root.resolve()) if len(folder.parts) > 1]
    known += [(str(home), "~") for home in _own_homes()]
    # The longest first: a project stands in a home. Literally, for they may hold blanks.
    for folder, shown in sorted(known, key=lambda pair: -len(pair[0])):
        begin = rf"(?<![\w.]){re.escape(folder)}"
        text = re.sub(rf"{begin}(?=[/\\])" + ("" if shown else r"[/\\]"), shown, text)
        text = re.sub(rf"{begin}(?![\w.-])", shown or ".", text)
    text = _PATH.sub(lambda found: place(found[0], root), text)
    return _HOMES.sub("~", text)
