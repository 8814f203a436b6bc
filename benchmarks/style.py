"""
The code in numbers, as docs/development.md has them: ``python -m benchmarks.style``.

A body is the lines of a function without its docstring.
"""

from __future__ import annotations

import ast
import statistics
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parents[1]
PACKAGES = ("nalssi", "db", "scraper")

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def body_lines(function: Function) -> int:
    statements = function.body[ast.get_docstring(function) is not None :]
    if not statements:
        return 0
    return (statements[-1].end_lineno or 0) - statements[0].lineno + 1


def is_typed(function: Function) -> bool:
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return function.returns is not None and all(
        argument.annotation for argument in named if argument.arg not in ("self", "cls")
    )


def main() -> None:
    sources = [
        path.read_text("utf-8") for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))
    ]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    functions = [node for node in nodes if isinstance(node, Function)]
    public = [function for function in functions if not function.name.startswith("_")]
    documented = [function for function in public if ast.get_docstring(function) is not None]
    lines = [line.strip() for source in sources for line in source.splitlines()]
    comments = [line for line in lines if line.startswith("#") or "  # " in line]
    bodies = sorted(map(body_lines, functions))
    print(f"files {len(sources)}, lines {len(lines):,}, functions {len(functions):,}")
    print(f"longest file {max(source.count(chr(10)) for source in sources)}")
    median, ninth = statistics.median(bodies), bodies[len(bodies) * 9 // 10]
    print(f"body median {median:.0f}, p90 {ninth}, longest {bodies[-1]}")
    print(f"documented {len(documented) / len(public):.0%} of the public functions")
    print(f"typed {sum(map(is_typed, functions)) / len(functions):.0%}")
    print(f"comments {100 * len(comments) / len(lines):.1f} per 100 lines")


if __name__ == "__main__":
    main()
