"""What docs/development.md says of the code is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WALK = re.findall(
    r"^\| \d \| `([^`]+)` \| `([^`]+)` \|",
    (ROOT / "docs/development.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def defined(path: Path) -> set[str]:
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            functions = (ast.FunctionDef, ast.AsyncFunctionDef)
            names |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, functions)}
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names.add(node.name)
    return names


@pytest.mark.parametrize(("file", "function"), WALK)
def test_each_step_of_a_look_is_where_it_is_said_to_be(file, function):
    assert function in defined(ROOT / file)


def test_the_walk_of_a_look_is_short():
    assert len(WALK) == 8
    assert len({file for file, _ in WALK}) <= 8
