"""Source files as the house's laws read them: path, text and syntax tree, nothing imported."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the checkout, with slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, self.path)

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        """(line, dotted name) of everything imported anywhere in the file; `from a import b` is `a.b`."""
        found: list[tuple[int, str]] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found += [(node.lineno, f"{node.module or '.'}.{alias.name}") for alias in node.names]
        return found

    def calls(self) -> Iterator[tuple[int, str]]:
        """(line, dotted name as written) of every call; `?` stands for a part that is not a name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node.lineno, dotted(node.func)

    def within(self, *prefixes: str) -> bool:
        """Whether the file is, or lies below, one of these paths."""
        return any(self.path == prefix or self.path.startswith(prefix) for prefix in prefixes)

    def at(self, line: int, said: str) -> str:
        """One finding, as an editor can jump to it."""
        return f"{self.path}:{line}: {said}"


def dotted(node: ast.AST) -> str:
    """`a.b.c` as written, `?.c` for what hangs on an expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"


@cache
def files(folder: str) -> tuple[Source, ...]:
    """Every Python file below `folder` of the checkout."""
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
        for path in sorted((ROOT / folder).rglob("*.py"))
    )
