"""What becomes of a function's events in the emulator: they go to whoever runs our functions.

Three of its ways are not AWS's, and have no setting. It would look for a program of its own to run,
unless each function names another place; it counts a function's timeout from the moment when it
sends an event there, so that one which waits for a worker times out before it has begun; and what
is set for an alias (retries, on-failure destination) does not hold for the events that come by it.
All three are mended in the emulator's own process, at functions of the one version of it that is
pinned.
"""

from __future__ import annotations

from typing import Any

from ministack.services import lambda_svc

LONGEST_WAIT = 21600
"""For so many seconds Lambda keeps an asynchronous event that can't be run yet: six hours."""

Function = dict[str, Any]


def send_events_to(hook_url: str) -> None:
    """Send the events of every function to `<hook_url>/<its name>`, until it answers."""
    send = lambda_svc._execute_function_proxy  # noqa: SLF001 - see the module's docstring
    invoke = lambda_svc.invoke_async_with_retry

    def url(configuration: Function) -> str:
        return f"{hook_url}/{configuration['FunctionName']}"

    def send_and_wait(function: Function, event: object, url: str, request_id: str) -> Any:  # noqa: ANN401 - theirs
        configuration = {**function.get("config", function), "Timeout": LONGEST_WAIT}
        return send({**function, "config": configuration}, event, url, request_id)

    def invoke_as_set(function: Function, event: object) -> None:
        invoke(_as_set_for_alias(function), event)

    lambda_svc._proxy_url_for = url  # noqa: SLF001
    lambda_svc._execute_function_proxy = send_and_wait  # noqa: SLF001
    lambda_svc.invoke_async_with_retry = invoke_as_set


def _as_set_for_alias(function: Function) -> Function:
    """Return the version of a function with what is set for the alias that points to it."""
    configuration = function.get("config", function)
    whole = lambda_svc._functions[configuration["FunctionName"]]  # noqa: SLF001
    for alias in whole["aliases"].values():
        settings = whole.get("event_invoke_configs", {}).get(alias["Name"])
        if settings and alias["FunctionVersion"] == configuration["Version"]:
            return {**function, "event_invoke_config": settings}
    return function
