"""Sending the function an event again, as S3 sent it when a video was uploaded.

Lambda puts it in the queue in which the events of new videos wait, too, and works through that in
no particular order. So whoever sends many sends them slowly.
"""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.outputs import Deployment


class Sending:
    """Sends a stack's function one event after another, at most `rate` of them a second."""

    def __init__(self, stack: Deployment, *, rate: float = math.inf) -> None:
        self._function = stack.client("lambda")
        self._live_function = stack.outputs.live_function
        self._interval_seconds = 1 / rate
        self._next = time.monotonic()

    def send(self, event: Mapping[str, object]) -> None:
        """Wait until it is time, and have the event processed, by itself and later.

        Raises a botocore exception.
        """
        time.sleep(max(0.0, self._next - time.monotonic()))
        self._function.invoke(
            FunctionName=self._live_function, InvocationType="Event", Payload=json.dumps(event)
        )
        self._next = time.monotonic() + self._interval_seconds
