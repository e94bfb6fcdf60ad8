"""What is freed goes back to the system, where glibc alone would keep it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# Blocks of so many bytes come, and of each eight one stays, so that what is freed lies between.
_PROGRAM = """
import function
from function.recogniser.heap import give_back

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

blocks = [bytes([number % 251 + 1]) * {size} for number in range(100_000_000 // {size})]
kept = blocks[::8]
del blocks
before = resident()
{then}
print(before - resident())
"""


def given_back(size: int, then: str) -> int:
    """Return how many kilobytes of a hundred thousand went back."""
    unset = {name: text for name, text in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(size=size, then=then)],
        env=unset,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="other C libraries do it in other ways")
def test_small_blocks_go_back_when_nothing_is_in_work() -> None:
    assert given_back(400_000, "pass") < 1_000
    assert given_back(400_000, "give_back()") > 60_000


@pytest.mark.skipif(sys.platform != "linux", reason="other C libraries do it in other ways")
def test_frames_go_back_when_they_are_freed() -> None:
    assert given_back(3_110_400, "give_back()") < 1_000
