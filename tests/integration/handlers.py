"""Functions that do as they are told, to see what becomes of those that misbehave."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def obedient(event: dict[str, Any], context: Any) -> object:  # noqa: ANN401 - Lambda's
    """Do what the event says."""
    match event["do"]:
        case "describe yourself":
            return {
                "process": os.getpid(),
                "environment": sorted(os.environ),
                "folder": tempfile.gettempdir(),
                "function": context.function_name,
                "version": context.function_version,
                "remaining": context.get_remaining_time_in_millis(),
            }
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            sys.exit(3)
        case "raise":
            raise ValueError("as you wish")
        case "sleep":
            started = time.monotonic()
            time.sleep(event["seconds"])
            return {"started": started, "ended": time.monotonic()}
        case "say":
            return "a" * event["times"]
        case "wait":
            Path(event["begun"]).touch()
            while not Path(event["until"]).exists():
                time.sleep(0.01)
            return {"process": os.getpid(), "version": context.function_version}
    return None
