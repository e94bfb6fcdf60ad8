"""Runs the functions that somebody else makes in the embedded AWS: the user's own Pulumi.

What `local/resources` makes is told to the workers by those who make it. Here nobody tells, so it
is looked at, again and again: which functions there are, and which version each one's alias names.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.function_configuration import FunctionConfiguration
from local.resources.functions import HANDLER

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.account import Account
    from local.function_host import FunctionHost

_SECONDS_BETWEEN_LOOKS = 0.5


class DeployedFunctions:
    """Has a host run the functions of an account, in the version that each one's alias names.

    `changed` is called after a look that has found another state than the one before, and again
    after the next ones until it says that it has taken note: what the stack exports is there only
    when Pulumi has come to the end.
    """

    def __init__(
        self, account: Account, functions: FunctionHost, *, changed: Callable[[], bool]
    ) -> None:
        self._lambda = account.client("lambda")
        self._functions = functions
        self._changed = changed
        self._running: dict[str, tuple[FunctionConfiguration, int | None]] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep_looking, daemon=True)

    @property
    def versions(self) -> dict[str, str]:
        """The version that runs of each function."""
        return {name: function.version for name, (function, _) in self._running.items()}

    def start(self) -> None:
        """Look now, and from time to time until `stop`."""
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> bool:
        """Run what is there now, and say whether it is anything else than before."""
        there = {}
        for function in self._lambda.list_functions()["Functions"]:
            if function["PackageType"] == "Image":
                there[function["FunctionName"]] = self._live(function["FunctionName"])
        before, self._running = self._running, there
        for name, (configuration, reserved_concurrency) in there.items():
            if before.get(name) != there[name]:
                self._functions.add(configuration, reserved_concurrency=reserved_concurrency)
                self._functions.roll_out(name, configuration.version)
        for name in before.keys() - there.keys():
            self._functions.remove(name)
        return before != there

    def _keep_looking(self) -> None:
        noted = True
        while not self._ending.wait(_SECONDS_BETWEEN_LOOKS):
            try:
                if self.look() or not noted:
                    noted = self._changed()
            except ClientError:  # of a function that was deleted since it was listed
                continue
            except BotoCoreError:  # the embedded AWS has ended
                return

    def _live(self, name: str) -> tuple[FunctionConfiguration, int | None]:
        """Return the version that the function's alias names, and what is reserved for it."""
        aliases = self._lambda.list_aliases(FunctionName=name)["Aliases"]
        version = aliases[0]["FunctionVersion"] if aliases else "$LATEST"
        found = self._lambda.get_function_configuration(FunctionName=name, Qualifier=version)
        concurrency = self._lambda.get_function_concurrency(FunctionName=name)
        return _configuration(name, version, found), concurrency.get("ReservedConcurrentExecutions")


def _configuration(name: str, version: str, found: dict[str, Any]) -> FunctionConfiguration:
    logging = found["LoggingConfig"]
    image = found.get("ImageConfigResponse", {}).get("ImageConfig", {})
    return FunctionConfiguration(
        name=name,
        arn=found["FunctionArn"].removesuffix(f":{version}"),
        version=version,
        role_arn=found["Role"],
        handler=image.get("Command", [HANDLER])[0],
        timeout=found["Timeout"],
        memory_mb=found["MemorySize"],
        ephemeral_storage_mb=found["EphemeralStorage"]["Size"],
        log_group=logging["LogGroup"],
        log_format=logging["LogFormat"],
        log_level=logging.get("ApplicationLogLevel"),
        variables=found.get("Environment", {}).get("Variables", {}),
    )
