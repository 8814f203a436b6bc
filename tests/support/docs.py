"""The pages of documentation, parsed by markdown-it: their examples, links and tables."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted(
    str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
)
_PROGRAM: Final = r"(?:^|sudo |chronic |\$\()(?:/opt/nalssi/bin/|\.venv/bin/)?nalssi"
_COMMAND: Final = re.compile(_PROGRAM + r" ([a-z][a-z-]*)\b([^|\"')\n#]*)")


class Example(NamedTuple):
    """A command and the output that a page shows for it."""

    command: str
    printed: str


def text(page: str) -> str:
    """The text of a page, by its path from the root."""
    return (ROOT / page).read_text("utf-8")


def tokens(page: str) -> list[Token]:
    """The tokens of markdown-it."""
    return MarkdownIt().enable("table").parse(text(page))


def blocks(page: str, language: str) -> list[str]:
    """The code blocks in a language."""
    fences = [token for token in tokens(page) if token.type == "fence"]
    return [token.content for token in fences if token.info == language]


def examples(page: str) -> list[Example]:
    """Each command that a page shows, with its output."""
    return [
        Example(command, printed.strip("\n"))
        for block in blocks(page, "console")
        for command, printed in re.findall(
            r"^\$ nalssi (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE
        )
    ]


def uncommented(written: str) -> list[str]:
    """The lines without comments and blanks; a line that ends in a backslash joins the next."""
    lines = [line for line in written.splitlines() if not line.lstrip().startswith(("#", ";"))]
    return [line for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip()]


def commands(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each command of nalssi in lines of a shell, and its arguments."""
    for line in lines:
        bare = re.sub(r"^(docker exec nalssi|cd \S+ &&) ", "", line)
        if bare.startswith(("docker", "(crontab", "git ")):
            continue
        for match in _COMMAND.finditer(bare):
            yield match[1], shlex.split(re.sub(r"\d?>.*", "", match[2]))


def shown_commands(page: str) -> list[tuple[str, list[str]]]:
    """Each command of nalssi in the page's blocks of shell and crontab."""
    lines = [line for block in blocks(page, "sh") for line in uncommented(block)]
    jobs = [line for block in blocks(page, "crontab") for line in uncommented(block)]
    schedule = re.compile(r"(\S+ ){5}")
    return list(commands(lines + [schedule.sub("", job, count=1) for job in jobs]))


def links(page: str) -> list[str]:
    """The targets of the page's links and images."""
    inside = [part for token in tokens(page) for part in token.children or []]
    named = {"link_open": "href", "image": "src"}
    return [str(part.attrs[named[part.type]]) for part in inside if part.type in named]


def anchors(page: str) -> set[str]:
    """The names of the page's headings, as GitHub makes them."""
    parts = tokens(page)
    headings = [
        parts[nth + 1].content for nth, token in enumerate(parts) if token.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
