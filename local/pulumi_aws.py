"""The embedded AWS with a stack that the user's own Pulumi deploys, and can change and destroy.

Pulumi's state, its passphrase and the stack's configuration are this run's own, in its temporary
folder: nothing of it is left, and `pulumi config set` changes no file of the checkout.
"""

from __future__ import annotations

import json
import os
import secrets
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]  # it ships no types
from pulumi import automation

from local.aws import EmbeddedAws
from local.deployed_functions import DeployedFunctions
from local.program import DeploymentError
from stacks.configuration import REPOSITORY, project, stack_file
from stacks.outputs import LOCAL_STACK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from local.function_host import FunctionHost

_HEAD = {"name": project()["name"], "runtime": "python"}
_ENDPOINTS = "aws:endpoints"


class PulumiAws(EmbeddedAws):
    """It is entered like LocalAws, and needs the Pulumi CLI and its provider plugins.

    `said` is given each line that Pulumi prints, and `changed` is called when the user has updated
    or destroyed the stack.
    """

    def __init__(
        self,
        *,
        said: Callable[[str], None],
        changed: Callable[[], None],
        **options: Any,  # noqa: ANN401 - EmbeddedAws's
    ) -> None:
        super().__init__(**options)
        self._said = said
        self._changed = changed
        try:
            self._pulumi = automation.PulumiCommand()
        except FileNotFoundError:
            raise DeploymentError(
                "the Pulumi CLI is not on the PATH: install it, or leave out --pulumi"
            ) from None
        except automation.InvalidVersionError as error:
            raise DeploymentError(f"the Pulumi CLI can't be used: {error}") from error

    def _deploy_stack(
        self,
        configuration: dict[str, str],  # noqa: ARG002 - Pulumi reads the file itself
        functions: FunctionHost,
        ending: ExitStack,
    ) -> None:
        folder = self.lifeline.folder / "pulumi"
        (folder / "state").mkdir(parents=True)
        profile = folder / "aws"
        profile.write_text("[default]\n", encoding="utf-8")
        # What the user has of their own would be taken together with this run's key.
        self._no_traces = {
            "AWS_PROFILE": "default",
            "AWS_CONFIG_FILE": str(profile),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_SESSION_TOKEN": "",
        }
        self._pulumi_environment = {
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": secrets.token_urlsafe(16),
            "PULUMI_OPTION_CONFIG_FILE": str(self._configuration_file(folder)),
            "PULUMI_STACK": LOCAL_STACK,
        }
        # In a project of the same name, since it writes into the project's own file of the stack.
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(_HEAD), encoding="utf-8")
        self._ask("stack", "init", LOCAL_STACK, "--no-select", folder=folder)
        deployed = DeployedFunctions(
            self.deployer, functions, changed=lambda: self._look_again(deployed.versions)
        )
        self._ask("up", "--yes", "--skip-preview", "--stack", LOCAL_STACK, said=self._said)
        self._exported(self._outputs())
        deployed.start()
        ending.callback(deployed.stop)

    @property
    def environment(self) -> dict[str, str]:
        """What a shell needs for Pulumi to be about this stack, the deploying key included."""
        return self._environment_of(self._deployer_key) | self._pulumi_environment

    def _configuration_file(self, folder: Path) -> Path:
        """Copy the stack's file, with the endpoints where this run has them."""
        contents = yaml.safe_load(stack_file(LOCAL_STACK).read_bytes())
        (endpoints,) = contents["config"][_ENDPOINTS]
        contents["config"][_ENDPOINTS] = [dict.fromkeys(endpoints, self.endpoint_url)]
        file = folder / f"Pulumi.{LOCAL_STACK}.yaml"
        file.write_text(yaml.safe_dump(contents), encoding="utf-8")
        return file

    def _look_again(self, running: Mapping[str, str]) -> bool:
        """Take what the stack exports after the user has changed it, if that is what runs now."""
        if not running:  # the stack was destroyed
            return True
        try:
            outputs = self._outputs()
        except DeploymentError:  # Pulumi is in the middle of it
            return False
        function = str(outputs.get("functionName"))
        # While the stack is being destroyed, the one function is there and the other gone.
        if function not in running or running[function] != outputs.get("functionVersion"):
            return False
        self._exported(outputs)
        self._changed()
        return True

    def _outputs(self) -> dict[str, object]:
        answer = self._ask("stack", "output", "--json", "--show-secrets", "--stack", LOCAL_STACK)
        outputs: dict[str, object] = json.loads(answer)
        return outputs

    def _ask(
        self,
        *arguments: str,
        folder: Path = REPOSITORY,
        said: Callable[[str], None] | None = None,
    ) -> str:
        """Run a command of Pulumi's in a project's folder, and return what it printed."""
        try:
            done = self._pulumi.run(
                list(arguments), str(folder), self.environment | self._no_traces, said
            )
        except automation.CommandError as error:
            raise DeploymentError(
                f"pulumi {arguments[0]} failed, as said above: {_last_error(str(error))}"
            ) from error
        return done.stdout


def _last_error(printed: str) -> str:
    """Return the last line in which Pulumi names an error."""
    lines = [line.strip() for line in printed.splitlines() if "error:" in line]
    return lines[-1] if lines else "it names no error"
