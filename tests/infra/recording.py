"""Runs the Pulumi program under Pulumi's mocks and records what it registers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime import mocks, rpc
from pulumi.runtime.stack import run_in_stack

from local.program import execute, run_apart
from stacks.configuration import REPOSITORY, stack_configuration
from stacks.partition import partition_of

ACCOUNT = "123456789012"
REGISTRY_PASSWORD = "the registry's password"  # noqa: S105 - nothing accepts it
# What prod's file leaves to whoever deploys it.
CHOSEN = {"aws:region": "us-east-1", "lambdalens:alarmEmail": "none"}


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A resource as the program hands it to Pulumi's engine."""

    urn: str
    kind: str
    name: str
    custom: bool
    inputs: dict[str, Any]
    secrets: frozenset[str]
    parent: str
    depends_on: frozenset[str]
    protect: bool
    provider: str
    ignore_changes: frozenset[str]
    hooks: frozenset[str]
    partition: str

    @property
    def id(self) -> str:
        """Its physical id, which no other resource and no other output has."""
        return f"id-of-{self._short}"

    @property
    def outputs(self) -> dict[str, Any]:
        """What the provider would answer: the inputs, and the names that it chooses."""
        chosen = (
            *("name", "url", "repositoryUrl", "registryId", "sha256Digest", "version"),
            *("apiEndpoint", "endpoint", "executionArn"),
        )
        arn = f"arn:{self.partition}:{self.kind.partition(':')[2].partition('/')[0]}"
        outputs = {output: f"{output}-of-{self._short}" for output in chosen}
        return {"arn": f"{arn}:us-east-1:{ACCOUNT}:{self._short}"} | outputs | self.inputs

    @property
    def _short(self) -> str:
        return f"{self.kind.rpartition(':')[2]}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Program:
    """One run of the program: its registrations and what it exports."""

    registrations: list[Registration] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)

    def every(self, kind: str) -> list[Registration]:
        """Return the resources of a type, such as `s3/bucket:Bucket`."""
        return [found for found in self.registrations if found.kind.endswith(kind)]

    def one(self, kind: str, name: str | None = None) -> Registration:
        """Return the only resource of a type, or the only one that has the name too."""
        found = [each for each in self.every(kind) if name in (None, each.name)]
        assert len(found) == 1, f"{len(found)} resources {kind} {name or ''}"
        return found[0]

    def has(self, kind: str) -> bool:
        """Say whether there is any resource of a type."""
        return bool(self.every(kind))

    def by_urn(self, urn: str) -> Registration:
        """Return the resource with the URN."""
        return next(each for each in self.registrations if each.urn == urn)


def run_program(stack: str, **settings: str) -> Program:
    """Run the real program as the stack, with settings in place of the stack's own.

    Raise what the program raises.
    """
    changed = {f"lambdalens:{key}": value for key, value in settings.items()}
    return run_program_with(stack, configured(stack) | changed)


def configured(stack: str) -> dict[str, str]:
    """Return the stack's configuration, with what prod's file leaves to whoever deploys it."""
    return stack_configuration(stack) | (CHOSEN if stack == "prod" else {})


def run_program_with(stack: str, configuration: dict[str, str]) -> Program:
    """Run the real program as the stack, with exactly this configuration."""
    program = Program()
    monitor = _Recorder(program, partition_of(configuration.get("aws:region", "")) or "none")

    run_apart(
        lambda: run_in_stack(lambda: execute(REPOSITORY / "__main__.py")),
        monitor=monitor,
        project="lambdalens",
        stack=stack,
        configuration=configuration,
    ).result()
    return program


def statements(policy: str) -> list[dict[str, Any]]:
    """Return the statements of a policy document."""
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


class _Recorder(mocks.MockMonitor):
    """Pulumi's mock of its engine, which also keeps what mocks are not told of."""

    def __init__(self, program: Program, partition: str) -> None:
        super().__init__(_Provider(partition))
        self._program = program
        self._partition = partition

    def RegisterResource(self, request: Any) -> Any:  # noqa: ANN401, N802 - as inherited
        """Record the resource, and answer with the outputs its provider would give."""
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type == "pulumi:pulumi:Stack":
            return response
        inputs = rpc.deserialize_properties(request.object)
        registration = Registration(
            urn=response.urn,
            kind=request.type,
            name=request.name,
            custom=request.custom,
            inputs=_plain(inputs),
            secrets=frozenset(key for key, value in inputs.items() if _has_secret(value)),
            parent=request.parent,
            depends_on=frozenset(request.dependencies),
            protect=request.protect,
            provider=request.provider,
            ignore_changes=frozenset(request.ignoreChanges),
            hooks=frozenset(
                f"{when.name}: {hook}"
                for when, hooks in request.hooks.ListFields()
                for hook in hooks
            ),
            partition=self._partition,
        )
        self._program.registrations.append(registration)
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: ANN401, N802 - as inherited
        """Record the outputs of the stack, which are the program's exports."""
        if "::pulumi:pulumi:Stack::" in request.urn:
            outputs = rpc.deserialize_properties(request.outputs, keep_unknowns=True)
            self._program.exports.update(_plain(outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


class _Provider(mocks.Mocks):
    def __init__(self, partition: str) -> None:
        self._partition = partition

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        made = Registration(
            urn="",
            kind=args.typ,
            name=args.name,
            custom=bool(args.custom),
            inputs=args.inputs,
            secrets=frozenset(),
            parent="",
            depends_on=frozenset(),
            protect=False,
            provider="",
            ignore_changes=frozenset(),
            hooks=frozenset(),
            partition=self._partition,
        )
        return (made.id, made.outputs) if made.custom else (None, made.inputs)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        answers = {
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
            "aws:ecr/getAuthorizationToken:getAuthorizationToken": {
                "userName": "AWS",
                "password": REGISTRY_PASSWORD,
                "proxyEndpoint": "https://registry",
            },
        }
        return answers[args.token], []


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _has_secret(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    if rpc.is_rpc_secret(value):
        return True
    if isinstance(value, dict):
        return any(_has_secret(item) for item in value.values())
    return isinstance(value, list) and any(_has_secret(item) for item in value)
