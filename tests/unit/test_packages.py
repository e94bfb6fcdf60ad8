"""Which package may stand on which: what measures on no AWS, the recogniser on files alone."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from stacks.configuration import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

OURS = {
    *("bench", "enroll", "function", "loadtest", "local", "recover", "register", "samples"),
    *("stacks", "tests"),
}
SDK = {"boto3", "botocore", "types_boto3_dynamodb", "types_boto3_s3"}


def imports(folder: str) -> Iterator[tuple[str, ...]]:
    """Yield the parts of the name of everything that is imported in a folder, wherever it is."""
    files = [*(REPOSITORY / folder).rglob("*.py")]
    assert files
    yield from imported(files)


def imported(files: Iterable[Path]) -> Iterator[tuple[str, ...]]:
    """Yield the parts of the name of everything that is imported in these files."""
    for file in files:
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                yield from (tuple(alias.name.split(".")) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file} has a relative import"
                module = (node.module or "").split(".")
                yield from ((*module, alias.name) for alias in node.names)


@pytest.mark.parametrize("folder", ["bench", "loadtest", "samples"])
def test_what_measures_does_not_need_the_embedded_aws(folder: str) -> None:
    assert "local" not in {name[0] for name in imports(folder)}


def test_what_recovers_needs_the_function_and_the_stack_s_outputs_alone() -> None:
    names = set(imports("recover"))
    assert {name[0] for name in names} & OURS == {"function", "recover", "stacks"}
    assert {name[1] for name in names if name[0] == "stacks"} == {"outputs"}


def test_the_register_needs_the_function_s_results_and_a_stack_s_outputs_alone() -> None:
    names = set(imports("register"))
    assert {name[0] for name in names} & OURS == {"function", "recover", "register", "stacks"}
    assert {name[1] for name in names if name[0] == "stacks"} == {"outputs"}
    assert {name[1] for name in names if name[0] == "recover"} == {"many_requests", "refusals"}


def test_what_a_register_says_needs_no_aws_and_nothing_that_writes() -> None:
    register = REPOSITORY / "register"
    model = ["corrections", "sessions", "statuses", "term", "pages", "tables", "moodle", "workbook"]
    names = set(imported(register / f"{module}.py" for module in model))
    assert not {name[0] for name in names} & {*SDK, "recover", "stacks"}
    assert {name[1] for name in names if name[0] == "register"} <= {*model, "texts"}
    assert {name[1] for name in names if name[0] == "function"} == {
        *("evidence", "results", "students"),
    }


def test_the_samples_need_nothing_else_of_ours() -> None:
    assert {name[0] for name in imports("samples")} & OURS == {"samples"}


def test_the_function_needs_nothing_else_of_ours() -> None:
    assert {name[0] for name in imports("function")} & OURS == {"function"}


def test_the_recogniser_knows_neither_aws_nor_the_handler() -> None:
    names = set(imports("function/recogniser"))
    assert not {name[0] for name in names} & SDK
    assert {name[1] for name in names if name[0] == "function"} == {"composed_text", "recogniser"}


def test_the_function_does_not_need_its_command_line() -> None:
    """The image has neither the command line's modules and lists nor what they stand on."""
    function = REPOSITORY / "function"
    command = {
        function / "__main__.py",
        *(function / "command").rglob("*.py"),
        *(function / "student_list").rglob("*.py"),
    }
    names = set(imported({*function.rglob("*.py")} - command))
    assert not {name[0] for name in names} & {"openpyxl", "rich"}
    assert not [name for name in names if name[:2] == ("function", "command")]
    assert not [name for name in names if name[:2] == ("function", "student_list")]
    assert not [name for name in names if name[:2] == ("function", "__main__")]


def test_the_command_line_knows_nothing_of_aws_and_of_the_handler() -> None:
    names = set(imports("function/command"))
    assert not {name[0] for name in names} & SDK
    assert {name[1] for name in names if name[0] == "function"} <= {
        *("command", "composed_text", "media_type", "recogniser"),
        *("results", "student_list", "students"),
    }
