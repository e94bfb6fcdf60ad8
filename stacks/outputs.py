"""What a deployed stack tells those who use it, and how they reach it.

Enrolment, the load test and the demo need names (of buckets, the table, the queue) that Pulumi
chose. `deployment("dev")` finds them through the Pulumi CLI; `deployment("local")` finds them in
the file that a running embedded AWS leaves in the repository. Either way the answer is one
`Deployment`, whose clients speak to the right place, so nobody else knows the difference.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING

import boto3
from pulumi import automation

from stacks.configuration import REPOSITORY
from stacks.embedded_aws import AccessKey, embedded_aws_session
from stacks.names import camel_case

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

LOCAL_STACK = "local"
LOCAL_STACK_FILE = REPOSITORY / ".local" / "stack.json"


class StackNotFoundError(Exception):
    """The stack has no outputs to read: it is unknown, not deployed, or not running."""


@dataclass(frozen=True, kw_only=True)
class StackOutputs:
    """The names that a stack exports, by the names the program gives them in camelCase."""

    input_bucket: str
    output_bucket: str
    gallery_bucket: str
    gallery_key: str
    students_table: str
    function_name: str
    function_alias: str
    failures_queue_url: str
    log_group: str
    region: str
    repository_url: str = ""
    image_uri: str = ""
    require_consent: bool = False
    page_url: str = ""
    user_pool_id: str = ""

    @property
    def live_function(self) -> str:
        """What to invoke and to ask for: the function by its alias, which is what videos go to."""
        return f"{self.function_name}:{self.function_alias}"

    @classmethod
    def from_mapping(cls, outputs: Mapping[str, object]) -> StackOutputs:
        """Read a stack's exports, leaving aside those this record has no field for.

        Raise StackNotFoundError naming the exports that are missing or empty. What a stack that was
        deployed earlier does not export yet has its default.
        """
        texts = (field.name for field in fields(cls) if field.default is MISSING)
        exports = {name: camel_case(name) for name in texts}
        missing = [name for name in exports.values() if not outputs.get(name)]
        if missing:
            raise StackNotFoundError(
                f"The stack exports no {', '.join(missing)}: deploy it again with 'pulumi up'."
            )
        return cls(
            **{field: str(outputs[export]) for field, export in exports.items()},
            repository_url=str(outputs.get("repositoryUrl") or ""),
            image_uri=str(outputs.get("imageUri") or ""),
            require_consent=outputs.get("requireConsent") is True,
            page_url=str(outputs.get("pageUrl") or ""),
            user_pool_id=str(outputs.get("userPoolId") or ""),
        )


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A stack that is up: its outputs, and where its AWS is.

    `endpoint_url` and `access_key` are None on AWS; for the local stack they are the address of the
    embedded AWS, and the key that it lets in.
    """

    outputs: StackOutputs
    endpoint_url: str | None = None
    access_key: AccessKey | None = None

    def session(self) -> boto3.Session:
        """Return a session in the stack's region.

        Credentials come from boto3's standard chain, except that the embedded AWS accepts its
        own administrator only.
        """
        if self.access_key is None:
            return boto3.Session(region_name=self.outputs.region)
        return embedded_aws_session(self.outputs.region, self.access_key)

    def client(self, service: str) -> Any:  # noqa: ANN401 - the type depends on the service
        """Return a boto3 client of the service that speaks to this deployment."""
        return self.session().client(service, endpoint_url=self.endpoint_url)  # type: ignore[call-overload]


def deployment(stack: str) -> Deployment:
    """Find a stack that is up. Raise StackNotFoundError, with the remedy, when it is not."""
    return _local_deployment() if stack == LOCAL_STACK else _pulumi_deployment(stack)


def _local_deployment() -> Deployment:
    try:
        running = json.loads(LOCAL_STACK_FILE.read_text(encoding="utf-8"))
        return Deployment(
            outputs=StackOutputs.from_mapping(running["outputs"]),
            endpoint_url=running["endpoint_url"],
            access_key=AccessKey(**running["access_key"]),
        )
    except FileNotFoundError:
        raise StackNotFoundError(
            "The local stack is not running: start it with 'make up' in another terminal."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise StackNotFoundError(
            f"{LOCAL_STACK_FILE} is not what a running local stack writes: "
            "remove it and start the stack with 'make up'."
        ) from None


def _pulumi_deployment(stack: str) -> Deployment:
    try:
        # Not through select_stack, which would make this the stack that the user's next bare
        # 'pulumi destroy' is about.
        workspace = automation.LocalWorkspace(work_dir=str(REPOSITORY))
        outputs = {name: output.value for name, output in workspace.stack_outputs(stack).items()}
    except automation.StackNotFoundError:
        raise StackNotFoundError(
            f"Pulumi knows no stack {stack!r}: see 'pulumi stack ls', or deploy it with "
            f"'pulumi up -s {stack}'."
        ) from None
    except automation.CommandError as error:
        raise StackNotFoundError(
            f"Pulumi cannot read the stack {stack!r} ({_last_line(error)}): "
            "try 'pulumi login' and 'pulumi stack output'."
        ) from None
    except FileNotFoundError:
        raise StackNotFoundError(
            f"The stack {stack!r} is read through the Pulumi CLI, which is not on the PATH: "
            "install it, or use the stack 'local'."
        ) from None
    except automation.InvalidVersionError as error:
        raise StackNotFoundError(f"The Pulumi CLI is too old to be used: {error}.") from None
    if not outputs:
        raise StackNotFoundError(
            f"The stack {stack!r} has no outputs: deploy it with 'pulumi up -s {stack}'."
        )
    return Deployment(outputs=StackOutputs.from_mapping(outputs))


def _last_line(error: Exception) -> str:
    """Pulumi's own words: of a command's output, the last line that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
