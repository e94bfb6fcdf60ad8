"""A cold start, stage by stage: what a new execution environment costs before and with one video.

Each row is a fresh process that does all of the rows above it, and is charged what it takes more.
The last rows stand by themselves.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from bench import ours
from bench.answers import Verdict
from bench.crowd import Crowd, crowd_video
from bench.measure import Median, in_turns, run_process
from bench.report import megabytes, number, with_range
from bench.ways import answers_in

if TYPE_CHECKING:
    from pathlib import Path

    from bench.inputs import Known
    from bench.report import Report

_CLIP = Crowd(size=(1280, 720), face_heights=(150,), seconds=2)

_FIRST_FRAME = (
    "import pathlib; from function.recogniser.video.sampling import sampled_frames; "
    "next(sampled_frames(pathlib.Path({video!r}), per_second=1)).pixels"
)

# The clients that the function makes. Looking for credentials on the network would take time.
_SDK = (
    "import os; os.environ['AWS_EC2_METADATA_DISABLED'] = 'true'; import boto3; "
    "boto3.client('s3', region_name='us-east-1'); "
    "boto3.client('dynamodb', region_name='us-east-1')"
)

_INTERPRETER = "interpreter"
_TO_CSV = "to the CSV"
_SDK_ALONE = "interpreter and boto3 with its clients"
_COMMAND_LINE = "python -m function, to the CSV"
_SEED = "seed's way, to its first match"


def measure_cold_start(report: Report, known: Known, *, repeats: int) -> None:
    """Measure fresh processes up to each stage, and print what each stage adds."""
    with report.doing("cold starts"):
        clip = crowd_video(_CLIP)
        commands = _commands(clip, known)
        costs = in_turns(
            {name: partial(run_process, command) for name, command in commands.items()},
            repeats=repeats,
            cost=lambda cost: cost.cpu,
        )
    rows = []
    before = 0.0
    for name, processes in costs.items():
        cpu = Median.of(process.cpu for process in processes)
        alone = name in (_SDK_ALONE, _COMMAND_LINE, _SEED)
        rows.append(
            [
                name,
                "-" if alone else number(cpu.value - before, 3),
                with_range(cpu, 3),
                number(Median.of(process.wall for process in processes).value, 3),
                megabytes(max(process.peak for process in processes)),
            ]
        )
        before = cpu.value
    report.table(
        f"One clip of {_CLIP.seconds} s, without the SDK, each in a fresh process",
        ("", "adds, CPU s", "so far, CPU s", "wall s", "peak MB"),
        rows,
    )
    medians = {
        name: Median.of(process.cpu for process in costs[name]).value
        for name in (_INTERPRETER, _SDK_ALONE)
    }
    sdk = medians[_SDK_ALONE] - medians[_INTERPRETER]
    report.note(f"The SDK, which the function uses on AWS, adds {sdk:.3f} CPU s.")
    for name in (_TO_CSV, _COMMAND_LINE):
        (answer,) = answers_in(costs[name][0].output)
        verdict = Verdict.on(answer, _CLIP.students)
        if not verdict.right:
            report.failure(f"cold start, {name}: ours found {verdict}")


def _commands(clip: Path, known: Known) -> dict[str, list[str]]:
    statements = {
        _INTERPRETER: "pass",
        "numpy": "import numpy",
        "av": "import av",
        "dlib": "import dlib",
        # By our module, which keeps it from reporting its use.
        "onnxruntime": "import function.recogniser.faces.networks",
        "models": ours.LOAD_MODELS,
        "first frame": _FIRST_FRAME.format(video=str(clip)),
    }
    python = sys.executable
    so_far = ["import bench"]  # which sets what the function's image sets
    commands = {}
    for name, statement in statements.items():
        so_far.append(statement)
        commands[name] = [python, "-c", "; ".join(so_far)]
    gallery = str(known.path)
    commands[_TO_CSV] = [python, "-m", "bench.ours", "everyone", gallery, str(clip)]
    commands[_SDK_ALONE] = [python, "-c", _SDK]
    commands[_COMMAND_LINE] = [python, "-m", "function", str(clip), "--gallery", gallery]
    commands[_SEED] = [python, "-m", "bench.seed", "first-match", gallery, str(clip)]
    return commands
