"""Run a command and write down what it cost: `python -I -S launcher.py REPORT COMMAND…`.

The peak memory that Linux reports for a process includes that of its parent at the moment of the
start. So whoever starts a process to measure it has to be small: this program, which imports
nothing that it can do without.
"""

import os
import sys
import time


def main() -> None:
    """Run the command, and write its cost to the file REPORT.

    One line: exit status, CPU seconds (user and system, of it and all its children), wall-clock
    seconds, peak memory in KiB.
    """
    report, *command = sys.argv[1:]
    started = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(process, 0)
    wall = time.perf_counter() - started
    cpu = used.ru_utime + used.ru_stime
    with open(report, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib takes memory
        file.write(f"{os.waitstatus_to_exitcode(status)} {cpu!r} {wall!r} {used.ru_maxrss}")


if __name__ == "__main__":
    main()
