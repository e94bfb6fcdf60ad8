"""A stand-in for `pulumi-language-python`, the host of Python programs, where it is not installed.

It does what the real one is documented to do for the toolchain `pip`: it makes the project's
virtual environment and installs `requirements.txt` into it, says which provider plugins the
packages in it ask for, and runs the program with Pulumi's own launcher, whose path is in
LAMBDALENS_LAUNCHER, and a policy pack with Pulumi's own `pulumi.policy`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from tests.engine.serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.empty_pb2 import Empty

_INSTALL = ("-m", "pip", "install", "-r", "requirements.txt")
_TOLD_THE_USER = 32
"""The launcher's exit code for a failure that it has reported to the engine itself."""


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The calls that the engine makes for `install`, `preview`, `up`, `refresh` and `destroy`.

    With a policy pack, too.
    """

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def GetPluginInfo(self, request: Empty, context: object) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version="0.0.0")

    def GetRequiredPackages(
        self,
        request: language_pb2.GetRequiredPackagesRequest,
        context: object,
    ) -> language_pb2.GetRequiredPackagesResponse:
        site = next(_environment(request.info).glob("lib/python*/site-packages"))
        plugins = [json.loads(file.read_text()) for file in site.glob("*/pulumi-plugin.json")]
        return language_pb2.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(
                    kind="resource", name=plugin["name"], version=f"v{plugin['version']}"
                )
                for plugin in plugins
                if plugin.get("resource")
            ]
        )

    def InstallDependencies(
        self,
        request: language_pb2.InstallDependenciesRequest,
        context: Any,
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        environment = _environment(request.info, installing=True)
        folder = request.info.program_directory
        for command in (
            [sys.executable, "-m", "venv", str(environment)],
            [str(environment / "bin/python"), *_INSTALL],
        ):
            with subprocess.Popen(
                command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            ) as running:
                for line in running.stdout or ():
                    yield language_pb2.InstallDependenciesResponse(stdout=line)
            if running.returncode:
                context.set_details(f"{command} ended with status {running.returncode}")
                context.set_code(2)
                return

    def Run(self, request: language_pb2.RunRequest, context: object) -> language_pb2.RunResponse:
        arguments = {
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization,
            "root_directory": request.info.root_directory,
            "pwd": request.pwd,
            "dry_run": "true" if request.dryRun else "false",
            "parallel": str(request.parallel),
        }
        done = subprocess.run(
            [
                str(_environment(request.info) / "bin/python"),
                "-u",
                os.environ["LAMBDALENS_LAUNCHER"],
                *(part for name, value in arguments.items() for part in (f"--{name}", value)),
                request.info.program_directory,
            ],
            cwd=request.pwd,
            env={
                **os.environ,
                "PULUMI_CONFIG": json.dumps(dict(request.config)),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
            },
            check=False,
            # What interrupts the engine is not for the program, whose end the engine sees to.
            process_group=0,
        )
        if done.returncode == _TOLD_THE_USER:
            return language_pb2.RunResponse(bail=True)
        error = f"the program ended with status {done.returncode}" if done.returncode else ""
        return language_pb2.RunResponse(error=error)

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: Any
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack, and pass on what it prints: first of all the port it serves."""
        python = _environment(request.info) / "bin/python"
        folder = request.info.program_directory
        with subprocess.Popen(
            [str(python), "-u", "-m", "pulumi.policy", *request.args, folder],
            cwd=request.pwd,
            env={**os.environ, **dict(each.split("=", 1) for each in request.env)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        ) as running:
            # The engine ends the call when it needs the pack no more.
            context.add_callback(running.kill)
            for line in running.stdout or ():
                yield language_pb2.RunPluginResponse(stdout=line)
        yield language_pb2.RunPluginResponse(exitcode=running.returncode)


def _environment(program: language_pb2.ProgramInfo, *, installing: bool = False) -> Path:
    environment = Path(program.root_directory, str(program.options["virtualenv"]))
    # A checkout whose tests run in another environment has none of its own.
    return environment if environment.exists() or installing else Path(sys.prefix)


if __name__ == "__main__":
    host = LanguageHost(sys.argv[-1])
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server))
