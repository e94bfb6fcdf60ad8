"""A checkout of the program with a Pulumi of its own: its home, its state, its plugins.

What `pulumi` is on PATH runs; where no language host lies beside it, and where no provider plugins
can be had, the stand-ins of this folder take their places. Nothing but `pulumi install`, which has
pip install the program's packages, reaches the network.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml  # type: ignore[import-untyped]  # it ships no types

from stacks.configuration import REPOSITORY
from tests.engine.build import LAUNCHER

if TYPE_CHECKING:
    from stacks.embedded_aws import AccessKey

PROGRAM = (
    *("Pulumi.yaml", "__main__.py", "requirements.txt", "constraints.txt", "stacks", "policy"),
    # What the image is built of.
    *(".dockerignore", "function", "page"),
)
_STAND_INS = {
    "pulumi-resource-aws": "tests.engine.aws_provider",
    "pulumi-resource-docker": "tests.engine.docker_provider",
}
_LANGUAGE_HOST = "pulumi-language-python"


class CommandFailedError(Exception):
    """A command of Pulumi's ended with another status than 0; the message is what it printed."""


@dataclass(frozen=True)
class Call:
    """What the engine asked of a provider, as its journal has it."""

    plugin: str
    call: str
    type: str
    name: str
    preview: bool


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A folder with the program, from which commands are run."""

    folder: Path
    executable: str
    environment: dict[str, str] = field(repr=False)

    @classmethod
    def make(
        cls, folder: Path, *, endpoint_url: str, access_key: AccessKey, docker_host: str
    ) -> Self:
        """Copy the program, and set up what the commands need."""
        checkout = folder / "checkout"
        checkout.mkdir()
        for name in PROGRAM:
            source = REPOSITORY / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, checkout / name)
        (checkout / ".venv").symlink_to(sys.prefix)
        (folder / "state").mkdir()
        return cls(
            folder=checkout,
            executable=str(_pulumi()),
            environment={
                **plugin_environment(folder),
                "HOME": str(folder),
                "PULUMI_BACKEND_URL": f"file://{folder}/state",
                "PULUMI_CONFIG_PASSPHRASE": "a passphrase for this test",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "AWS_ENDPOINT_URL": endpoint_url,
                "AWS_ACCESS_KEY_ID": access_key.key_id,
                "AWS_SECRET_ACCESS_KEY": access_key.secret,
                "DOCKER_HOST": docker_host,
            },
        )

    def configure(self, stack: str, **settings: object) -> None:
        """Set settings of the program's in the stack's file, or take those that are None out."""
        file = self._stack_file(stack)
        contents = yaml.safe_load(file.read_text())
        for key, value in settings.items():
            contents["config"].pop(f"lambdalens:{key}", None)
            if value is not None:
                contents["config"][f"lambdalens:{key}"] = value
        file.write_text(yaml.safe_dump(contents))

    def configuration(self, stack: str) -> str:
        """Return the stack's file as it is."""
        return self._stack_file(stack).read_text()

    def restore(self, stack: str, configuration: str) -> None:
        """Make the stack's file what it was."""
        self._stack_file(stack).write_text(configuration)

    def set_region(self, stack: str, region: str) -> None:
        """Set the region in the stack's file."""
        file = self._stack_file(stack)
        contents = yaml.safe_load(file.read_text())
        contents["config"]["aws:region"] = region
        file.write_text(yaml.safe_dump(contents))

    def copy_stack(self, stack: str, name: str) -> None:
        """Make another stack of the same settings."""
        shutil.copy(self._stack_file(stack), self._stack_file(name))

    def _stack_file(self, stack: str) -> Path:
        return self.folder / "stacks" / f"Pulumi.{stack}.yaml"

    def pulumi(self, *arguments: str, **environment: str) -> str:
        """Run a command, and return what it printed. Raises CommandFailedError if it fails."""
        done = subprocess.run(
            [self.executable, *arguments, "--non-interactive", "--color=never"],
            cwd=self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        printed = done.stdout.decode()
        if done.returncode:
            raise CommandFailedError(printed)
        return printed

    @property
    def program(self) -> Path:
        """The file of the program."""
        return self.folder / "__main__.py"

    def up(self, stack: str, *options: str, **environment: str) -> str:
        """Deploy a stack."""
        return self.pulumi("up", "--yes", "--skip-preview", *options, "-s", stack, **environment)

    def preview(self, stack: str) -> dict[str, list[str]]:
        """Return what an update would do with which resources, `<type> <name>`, but for nothing."""
        printed = self.pulumi("preview", "--json", "-s", stack)
        steps = json.loads(printed[printed.index("{") :])["steps"]
        planned: dict[str, list[str]] = {}
        for step in steps:
            if step["op"] != "same":
                *_, kinds, name = step["urn"].split("::")
                kind = kinds.rpartition("$")[2]
                planned.setdefault(step["op"], []).append(f"{kind} {name}")
        return planned

    def calls(self) -> list[Call]:
        """Return what was asked of the providers since this was last asked."""
        journal = Path(self.environment["LAMBDALENS_JOURNAL"])
        lines = journal.read_text().splitlines() if journal.exists() else []
        journal.write_text("")
        return [Call(**json.loads(line)) for line in lines]

    def state(self, stack: str) -> str:
        """Return the stack's state as it is kept, text for text."""
        (file,) = Path(self.folder.parent, "state").rglob(f"stacks/**/{stack}.json")
        return file.read_text()

    def resources(self, stack: str) -> dict[str, dict[str, Any]]:
        """Return each resource of the stack's state by `<type> <name>`."""
        deployment = json.loads(self.pulumi("stack", "export", "-s", stack))["deployment"]
        return {
            f"{each['type']} {each['urn'].rpartition('::')[2]}": each
            for each in deployment.get("resources", [])
        }


def plugin_environment(folder: Path) -> dict[str, str]:
    """Return what makes Pulumi take the stand-ins, which are put into a folder, and no others."""
    pulumi = _pulumi()
    plugins = folder / "plugins"
    plugins.mkdir()
    stand_ins = dict(_STAND_INS)
    if not pulumi.with_name(_LANGUAGE_HOST).exists():
        stand_ins[_LANGUAGE_HOST] = "tests.engine.language_host"
    for name, module in stand_ins.items():
        _write_plugin(plugins / name, module)
    return {
        "PATH": f"{plugins}:{pulumi.parent}:{os.defpath}",
        "PULUMI_HOME": str(folder / "home"),
        "LAMBDALENS_JOURNAL": str(folder / "journal"),
        "LAMBDALENS_LAUNCHER": str(pulumi.with_name(LAUNCHER)),
    }


def _pulumi() -> Path:
    return Path(shutil.which("pulumi") or "pulumi").resolve()


def _write_plugin(file: Path, module: str) -> None:
    """Write an executable that runs one of our modules, wherever it is started."""
    file.write_text(
        f"#!{sys.executable}\n"
        "import runpy, sys\n"
        f"sys.path.insert(0, {str(REPOSITORY)!r})\n"
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)\n"
    )
    file.chmod(0o755)
