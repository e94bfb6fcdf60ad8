"""The measured inputs, from `measured.toml`, each with its source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

FILE = Path(__file__).with_name("measured.toml")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured. CPU seconds are one processor's; `measured.toml` says of what.

    `class_minutes` has CPU seconds for a minute of video by the people in it, and `ranges` the
    multiple of one run's CPU seconds by the minutes of a range; both in ascending order.
    `two_processors` is a part of the time by the clock with one. `agreements` has, of each
    comparison with a load test, its priority on the machine, and how far throughput, p95 and the
    runs' times were apart.
    """

    class_minutes: tuple[tuple[int, float], ...]
    cold_start_cpu_seconds: float
    two_processors: float
    ranges: tuple[tuple[float, float], ...]
    megabytes_per_minute: float
    long_class_people: int
    long_class_video_seconds: float
    long_class_cpu_seconds: float
    peak_memory_mb: int
    agreements: tuple[tuple[str, float, float, float], ...]
    sources: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, file: Path = FILE) -> Self:
        """Read the file. Raises ValueError where a figure has no source."""
        tables: dict[str, dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))
        for name, table in tables.items():
            if not table.get("source"):
                raise ValueError(
                    f"[{name}] in {file.name} has no source: say who measured it, where"
                )
        minutes, ranges = tables["class_minutes"], tables["ranges"]
        long_class, recording = tables["long_class"], tables["recording"]
        agreement = tables["agreement"]
        return cls(
            class_minutes=tuple(zip(minutes["people"], minutes["cpu_seconds"], strict=True)),
            cold_start_cpu_seconds=tables["cold_start"]["cpu_seconds"],
            two_processors=tables["two_processors"]["part"],
            ranges=tuple(zip(ranges["minutes"], ranges["part"], strict=True)),
            megabytes_per_minute=recording["megabytes"] / recording["video_seconds"] * 60,
            long_class_people=long_class["people"],
            long_class_video_seconds=long_class["video_seconds"],
            long_class_cpu_seconds=long_class["cpu_seconds"],
            peak_memory_mb=long_class["peak_memory_mb"],
            agreements=tuple(
                zip(
                    agreement["priority"],
                    agreement["throughput_off"],
                    agreement["p95_off"],
                    agreement["slower"],
                    strict=True,
                )
            ),
            sources=tuple((name, table["source"]) for name, table in tables.items()),
        )
