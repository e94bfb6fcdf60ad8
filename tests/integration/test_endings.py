"""However the embedded AWS ends, nothing of it is left: no process, no port, no file."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from local.aws import LocalAws
from local.lifeline import Lifeline, LifelineCutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("enroll", "function", "local", "page", "recover", "register", "samples", "stacks")

_PATIENCE_SECONDS = 60


class Up:
    """`python -m local up` in a clone of its own, so that the user's own is left alone."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "clone"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        for package in PACKAGES:
            shutil.copytree(
                REPOSITORY / package,
                self.clone / package,
                ignore=shutil.ignore_patterns("__pycache__"),
            )
        for file in ("Pulumi.yaml", "__main__.py"):
            shutil.copy(REPOSITORY / file, self.clone / file)
        self.stack_file = self.clone / "stacks" / "Pulumi.local.yaml"
        self.note = self.clone / ".local" / "stack.json"
        self._processes: list[subprocess.Popen[str]] = []

    def start(
        self, *options: str, output: int | IO[str] = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[str]:
        """Start the command."""
        process = subprocess.Popen(
            [sys.executable, "-m", "local", "up", *options],
            cwd=self.clone,
            env={**os.environ, "TMPDIR": str(self.temporary), **environment},
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        return process

    def started(self) -> subprocess.Popen[str]:
        """Start the command, and wait until the stack is up."""
        process = self.start("--port", "0", "--workers", "1")
        wait_until(lambda: self.note.exists() or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        return process

    def port(self) -> int:
        """Return the port of the stack that is up."""
        return _port(json.loads(self.note.read_text())["endpoint_url"])

    def end(self) -> None:
        """Kill what a failed test left."""
        for process in self._processes:
            process.kill()
            process.communicate()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    up = Up(tmp_path)
    yield up
    up.end()


@pytest.mark.parametrize(
    ("ending", "exit_code"),
    [
        (signal.SIGINT, 0),
        (signal.SIGTERM, 0),
        (signal.SIGHUP, 0),
        (signal.SIGKILL, -signal.SIGKILL),
    ],
    ids=["Ctrl-C", "SIGTERM", "hang-up", "SIGKILL"],
)
def test_nothing_is_left_of_a_stack_that_was_up(
    up: Up, ending: signal.Signals, exit_code: int
) -> None:
    process = up.started()
    wait_until(lambda: len(_descendants(process.pid)) >= 3)  # watcher, emulator and a worker
    port, descendants = up.port(), _descendants(process.pid)
    assert _answers(port)
    assert list(up.temporary.iterdir())

    process.send_signal(ending)
    output, errors = process.communicate(timeout=_PATIENCE_SECONDS)

    assert process.returncode == exit_code, output + errors
    assert "Traceback" not in errors
    wait_until(lambda: not any(map(_lives, descendants)))
    wait_until(lambda: not list(up.temporary.iterdir()))
    wait_until(lambda: not list(up.note.parent.iterdir()))
    assert not _answers(port)


def test_nothing_is_left_when_it_is_killed_while_it_starts(up: Up) -> None:
    process = up.start("--port", "0")
    wait_until(lambda: bool(list(up.temporary.iterdir())))
    descendants = _descendants(process.pid)

    process.kill()

    wait_until(lambda: not any(map(_lives, descendants)))
    wait_until(lambda: not list(up.temporary.iterdir()))


def test_an_interrupt_while_the_modules_load_ends_it_without_a_word(up: Up) -> None:
    loading = up.clone / "loading"
    (up.clone / "local" / "demo.py").write_text(
        f"import pathlib, time; pathlib.Path({str(loading)!r}).touch(); time.sleep(60)"
    )
    process = up.start()
    wait_until(loading.exists)

    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=_PATIENCE_SECONDS)

    assert (process.returncode, output, errors) == (-signal.SIGINT, "", "")


def test_nothing_is_left_when_what_uses_it_fails() -> None:
    class FailedError(Exception):
        pass

    def use(aws: LocalAws) -> None:
        used.append(aws)
        assert aws.lifeline.folder.exists()
        raise FailedError

    used: list[LocalAws] = []
    with pytest.raises(FailedError), LocalAws(workers=1) as aws:
        use(aws)

    assert not used[0].lifeline.folder.exists()
    assert not _answers(_port(used[0].endpoint_url))


def test_children_end_even_where_the_watcher_was_killed(tmp_path: Path) -> None:
    def start() -> subprocess.Popen[bytes]:
        return lifeline.start(
            ["sleep", "600"],
            environment={"PATH": os.defpath},
            folder=tmp_path,
            output=subprocess.DEVNULL,
        )

    with Lifeline() as lifeline:
        child = start()
        lifeline._watcher.kill()
        lifeline._watcher.wait()
        with pytest.raises(LifelineCutError):
            start()
        with pytest.raises(LifelineCutError):
            lifeline.remove_at_end(tmp_path)

    assert child.returncode == -signal.SIGKILL
    lifeline.folder.rmdir()


def test_a_disk_without_room_for_a_folder_is_told() -> None:
    program = "from local.lifeline import Lifeline; Lifeline().__enter__()"
    command = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", sys.executable, "-c", program]

    ended = subprocess.run(command, capture_output=True, check=False, cwd=REPOSITORY, text=True)

    assert ended.stderr.splitlines()[-1] == (
        "local.lifeline.LifelineCutError: no temporary folder could be made: check TMPDIR and "
        "the space on the disk"
    )
    assert ended.stderr.count("Traceback") == 1


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_port_in_use_is_named_with_the_remedy_in_any_terminal(up: Up, encoding: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        process = up.start("--port", port, PYTHONIOENCODING=encoding)
        output, errors = process.communicate(timeout=_PATIENCE_SECONDS)

    assert output.startswith("Starting the embedded AWS")
    assert errors == (
        f"error: port {port} is in use: stop what listens there, or choose another with --port\n"
    )
    assert not list(up.temporary.iterdir())


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("config:", "config: [", "stacks/Pulumi.local.yaml: line "),
        ("lambdalens:imageUri:", "lambdalens:logRetentionDays:", "needs lambdalens:imageUri"),
        ("requireTls: false", "requireTls: true", "needs lambdalens:requireTls: false"),
    ],
    ids=["no YAML", "no image", "TLS required"],
)
def test_a_configuration_that_can_not_work_is_refused_before_anything_is_started(
    up: Up, before: str, after: str, said: str
) -> None:
    contents = up.stack_file.read_text()
    assert before in contents
    up.stack_file.write_text(contents.replace(before, after))

    with socket.create_server(("127.0.0.1", 0)) as other:  # which only who starts would notice
        process = up.start("--port", str(other.getsockname()[1]))
        _, errors = process.communicate(timeout=_PATIENCE_SECONDS)

    assert process.returncode == 1
    assert said in errors
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1


def test_a_place_that_can_not_be_had_is_named(up: Up) -> None:
    (up.clone / ".local").touch()

    process = up.start("--port", "0")
    _, errors = process.communicate(timeout=_PATIENCE_SECONDS)

    assert process.returncode == 1
    assert f"{up.clone / '.local'}" in errors
    assert errors.count("\n") == 1


def test_an_output_that_takes_nothing_is_one_line(up: Up) -> None:
    with Path("/dev/full").open("w") as full:
        process = up.start("--port", "0", output=full)
        _, errors = process.communicate(timeout=_PATIENCE_SECONDS)

    assert process.returncode == 1
    assert "No space left on device" in errors
    assert errors.count("\n") == 1


def test_a_second_stack_is_refused_by_the_place_of_the_first(up: Up) -> None:
    up.started()

    second = up.start("--port", "0")
    _, errors = second.communicate(timeout=_PATIENCE_SECONDS)

    assert second.returncode == 1
    assert errors.count("\n") == 1
    assert f"is up already at http://127.0.0.1:{up.port()}" in errors


@pytest.mark.parametrize(
    "options", [("--port", "99999"), ("--port", "x"), ("--workers", "0"), ("--colour",)]
)
def test_wrong_usage_exits_with_2(up: Up, options: tuple[str, ...]) -> None:
    process = up.start(*options)
    _, errors = process.communicate(timeout=_PATIENCE_SECONDS)

    assert process.returncode == 2
    assert options[0] in errors


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for something that happens in another process."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _descendants(process: int) -> list[int]:
    """List the children of a process, their children, and so on."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == process:
            child = int(status.parent.name)
            found += [child, *_descendants(child)]
    return found


def _lives(process: int) -> bool:
    """Whether a process runs; one that is only not yet waited for does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
