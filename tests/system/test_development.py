"""docs/development.md agrees with the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs/development.md").read_text(encoding="utf-8")
WALK = re.findall(r"^\| \d \| `([^`]+)` \| `([^`]+)` \|", DOC, re.MULTILINE)


EXERCISES = [
    (title, re.findall(r"^\d\. `([^`]+)`: (new; )?", steps, re.MULTILINE))
    for title, steps in re.findall(r"^## (Add .+?)$(.*?)^Guards:", DOC, re.MULTILINE | re.DOTALL)
]


def defined(path: Path) -> set[str]:
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            functions = (ast.FunctionDef, ast.AsyncFunctionDef)
            names |= {
                f"{node.name}.{member.name}"
                for member in node.body
                if isinstance(member, functions)
            }
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names.add(node.name)
    return names


@pytest.mark.parametrize(("file", "function"), WALK)
def test_each_step_of_a_look_is_at_its_documented_place(file, function):
    assert function in defined(ROOT / file)


def test_the_walk_of_a_look_is_short():
    assert len(WALK) == 8
    assert len({file for file, _ in WALK}) <= 8


@pytest.mark.parametrize(("title", "steps"), EXERCISES)
def test_a_described_addition_touches_few_files_and_existing_ones(title, steps):
    assert 5 <= len(steps) <= 7
    for file, is_new in steps:
        assert ((ROOT / file).parent if is_new else ROOT / file).exists()


def test_three_additions_are_described():
    assert [title for title, _ in EXERCISES] == [
        "Add a question",
        "Add a notice channel",
        "Add a kind of portal",
    ]


def test_the_links_of_contributing_exist():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tests|scraper|docs)/[\w./]*|config\.toml)`", page))
    assert len(named) > 15
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_commands_of_the_tests_are_targets_of_make():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"^\| `make ([^`]+)` \|", DOC, re.MULTILINE)
    assert named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
