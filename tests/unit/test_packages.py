"""Which package may stand on which: what measures on no AWS, the recogniser on files alone."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stacks.configuration import REPOSITORY
from stacks.function_image import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OURS = {
    *("bench", "enroll", "function", "loadtest", "local", "page", "policy", "recover", "register"),
    *("samples", "scaling", "stacks", "tests"),
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


def installed_by(requirements: str) -> set[str]:
    """Return the packages that a requirements file names, and all that come along with them."""
    lines = (REPOSITORY / requirements).read_text().splitlines()
    due = {line.split("==")[0] for line in lines if re.match("[a-z]", line)}
    assert due
    found: set[str] = set()
    while due:
        name = canonicalize_name(due.pop())
        if name not in found:
            found.add(name)
            due |= {
                needed.name
                for needed in map(Requirement, metadata.requires(name) or ())
                if needed.marker is None or needed.marker.evaluate({"extra": ""})
            }
    return found


_IMPORT_STACKS = """
import importlib, json, pkgutil, sys

class NotInstalled:
    names = set(json.loads(sys.argv[1]))

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in cls.names:
            raise ModuleNotFoundError(name + " is not in requirements.txt", name=name)

sys.meta_path.insert(0, NotInstalled)
import stacks
for module in pkgutil.iter_modules(stacks.__path__, "stacks."):
    importlib.import_module(module.name)
"""


def test_the_program_runs_on_requirements_txt_alone() -> None:
    """What deploys has no need of dlib and the like, which not every desktop can install."""
    installed = installed_by("requirements.txt")
    assert not installed & {"av", "awslambdaric", "dlib-bin", "numpy", "onnxruntime"}
    others = [
        module
        for module, packages in metadata.packages_distributions().items()
        if not installed & set(map(canonicalize_name, packages))
    ]
    assert "numpy" in others

    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_STACKS, json.dumps(others)],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    program = {name[0] for name in imported([REPOSITORY / "__main__.py"])}
    assert program == {"__future__", "pulumi", "stacks"}
    assert {name[0] for name in imports("stacks")} & OURS == {"stacks"}


@pytest.mark.parametrize("folder", ["bench", "loadtest", "samples"])
def test_what_measures_does_not_need_the_embedded_aws(folder: str) -> None:
    assert "local" not in {name[0] for name in imports(folder)}


def test_the_simulation_needs_no_aws_and_of_the_load_test_the_arrivals_and_prices_alone() -> None:
    measuring = {"__init__.py", "__main__.py", "agreement.py", "class_minutes.py"}
    files = (REPOSITORY / "scaling").glob("*.py")
    names = set(imported(file for file in files if file.name not in measuring))
    assert not {name[0] for name in names} & {*SDK, "pulumi"}
    assert {name[0] for name in names} & OURS == {"loadtest", "scaling"}
    assert {name[1] for name in names if name[0] == "loadtest"} == {"arrivals", "pricing"}


def test_prices_are_in_one_place() -> None:
    names = {name for name in imports("bench") if name[0] == "loadtest"}
    assert {name[1] for name in names} == {"pricing"}


def test_what_recovers_needs_the_function_and_the_stack_s_outputs_alone() -> None:
    names = set(imports("recover"))
    assert {name[0] for name in names} & OURS == {"function", "recover", "stacks"}
    assert {name[1] for name in names if name[0] == "stacks"} == {"outputs"}


def test_the_register_needs_the_function_s_results_and_a_stack_s_outputs_alone() -> None:
    names = set(imports("register"))
    assert {name[0] for name in names} & OURS == {"function", "recover", "register", "stacks"}
    assert {name[1] for name in names if name[0] == "stacks"} == {"outputs"}
    assert {name[1] for name in names if name[0] == "recover"} == {"refusals"}


def test_what_a_register_says_needs_no_aws_and_nothing_that_writes() -> None:
    register = REPOSITORY / "register"
    model = [
        *("clock", "corrections", "sessions", "statuses", "term"),
        *("pages", "tables", "moodle", "workbook"),
    ]
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


def test_the_page_needs_what_the_recogniser_writes_and_nothing_of_how_it_does() -> None:
    names = set(imports("page"))
    assert {name[0] for name in names} & OURS == {"function", "page", "register"}
    assert {name[1] for name in names if name[0] == "function"} <= {
        *("composed_text", "courses", "media_type", "recogniser", "results", "students"),
    }
    recogniser = {name for name in names if name[:2] == ("function", "recogniser")}
    assert {name[2:4] for name in recogniser} <= {("identity", "enrolled")}


def test_of_the_register_the_image_has_what_the_page_imports_and_that_needs_no_more() -> None:
    there = {Path(path).stem for path in CONTEXT if path.startswith("register/")}
    files = [REPOSITORY / "register" / f"{name}.py" for name in there]
    within = set(imported(files))
    assert {name[0] for name in within} & OURS == {"function", "register"}
    assert {name[1] for name in within if name[0] == "function"} == {
        *("courses", "evidence", "results", "students"),
    }
    by_the_page = {name[1] for name in imports("page") if name[0] == "register"}
    by_these = {name[1] for name in within if name[0] == "register"}
    assert by_the_page | by_these | {"__init__"} == there


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
