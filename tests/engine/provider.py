"""A stand-in for a provider plugin: Pulumi's protocol on one side, a table of types on the other.

Every call is noted in a journal, a file of JSON lines named by LAMBDALENS_JOURNAL, from which tests
see what a command did and in which order. LAMBDALENS_FAULT, `<call> <type>`, makes one kind of call
fail, as a provider's do when AWS is out of order.
"""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from local.resources.request import RefusedError, one_line
from tests.engine.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.engine.resource_type import ResourceType

    Types = Mapping[str, ResourceType]
    Functions = Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]

_SECRET = {rpc._special_sig_key: rpc._special_secret_sig}


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The calls that the engine makes of a provider, answered from a plugin's types and functions.

    `configure` is given the provider's configuration, and returns both.
    """

    def __init__(
        self, name: str, configure: Callable[[Mapping[str, Any]], tuple[Types, Functions]]
    ) -> None:
        self._name = name
        self._configure = configure
        self._types: Types = {}
        self._functions: Functions = {}

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=version(f"pulumi-{self._name}"))

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        self._types, self._functions = self._configure(_unwrapped(_plain(request.args)))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        self._note("Invoke", request.tok)
        answer = self._functions[request.tok](_unwrapped(_plain(request.args)))
        # `return` is a word of Python's, and the field's name.
        return provider_pb2.InvokeResponse(**{"return": _struct(answer)})  # type: ignore[arg-type]

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        """Name what the program did not name, and once for all."""
        kind, name = _type_and_name(request.urn)
        inputs, olds = _plain(request.news), _plain(request.olds)
        named = self._types[kind].named
        if named and named not in inputs:
            inputs[named] = olds.get(named) or f"{name}-{request.randomSeed.hex()[:7]}"
        return provider_pb2.CheckResponse(inputs=_struct(inputs))

    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        kind = self._types[_type_and_name(request.urn)[0]]
        old, new = _plain(request.old_inputs), _plain(request.news)
        changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
        differ = provider_pb2.DiffResponse
        return differ(
            changes=differ.DIFF_SOME if changed else differ.DIFF_NONE,
            diffs=sorted(changed),
            replaces=sorted(changed & kind.replaced_by),
            deleteBeforeReplace=kind.is_deleted_first,
        )

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        kind, name = self._note("Create", request.urn, preview=request.preview)
        inputs = _plain(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        made = self._call(
            context, "Create", kind, lambda: self._types[kind].create(name, _unwrapped(inputs))
        )
        return provider_pb2.CreateResponse(id=made.id, properties=_struct(inputs | made.outputs))

    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        kind, _ = self._note("Update", request.urn, preview=request.preview)
        old, new = _plain(request.olds), _plain(request.news)
        kept = {key: value for key, value in old.items() if key not in _plain(request.old_inputs)}
        if request.preview:
            renewed = dict.fromkeys(self._types[kind].renewed, rpc.UNKNOWN)
        else:
            renewed = self._call(
                context,
                "Update",
                kind,
                lambda: self._types[kind].update(request.id, _unwrapped(old), _unwrapped(new)),
            )
        return provider_pb2.UpdateResponse(properties=_struct(kept | new | dict(renewed)))

    def Delete(self, request: Any, context: Any) -> Empty:
        kind, _ = self._note("Delete", request.urn)
        outputs = _unwrapped(_plain(request.properties))
        self._call(context, "Delete", kind, lambda: self._types[kind].delete(request.id, outputs))
        return Empty()

    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        kind, _ = self._note("Read", request.urn)
        outputs, inputs = _plain(request.properties), _plain(request.inputs)
        found = self._call(
            context,
            "Read",
            kind,
            lambda: self._types[kind].read(request.id, _unwrapped(outputs)),
        )
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id,
            properties=_struct(outputs | found),
            inputs=_struct({key: found.get(key, value) for key, value in inputs.items()}),
        )

    def _call(self, context: Any, call: str, kind: str, action: Callable[[], Any]) -> Any:
        """Do it, and tell the engine of a failure as providers do: in one line."""
        try:
            _fail_if_asked(f"{call} {kind}")
            return action()
        except (RefusedError, ClientError, BotoCoreError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, one_line(error))

    def _note(self, call: str, subject: str, *, preview: bool = False) -> tuple[str, str]:
        kind, name = _type_and_name(subject) if "::" in subject else (subject, "")
        line = {"plugin": self._name, "call": call, "type": kind, "name": name, "preview": preview}
        with Path(os.environ["LAMBDALENS_JOURNAL"]).open("a") as journal:
            journal.write(json.dumps(line) + "\n")
        return kind, name


def serve_provider(
    name: str, configure: Callable[[Mapping[str, Any]], tuple[Types, Functions]]
) -> None:
    """Be the plugin of this name until the engine ends the process."""
    serve(
        lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(
            Provider(name, configure), server
        )
    )


def _fail_if_asked(call: str) -> None:
    if os.environ.get("LAMBDALENS_FAULT") == call:
        raise RefusedError("InternalFailure: the service is out of order")


def _type_and_name(urn: str) -> tuple[str, str]:
    *_, kinds, name = urn.split("::")
    return kinds.rpartition("$")[2], name


def _plain(properties: Struct) -> dict[str, Any]:
    """Return the properties as JSON, with whole numbers as such; secrets stay in their wrapping."""
    plain: dict[str, Any] = _whole(MessageToDict(properties))
    return plain


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _unwrapped(value: Any) -> Any:
    """Take secrets out of their wrapping."""
    if isinstance(value, dict):
        if value.items() >= _SECRET.items():
            return _unwrapped(value["value"])
        return {key: _unwrapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unwrapped(item) for item in value]
    return value


def _struct(properties: Mapping[str, Any]) -> Struct:
    struct = Struct()
    struct.update(properties)
    return struct
