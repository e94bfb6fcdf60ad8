"""The sessions in a folder of results, as `python -m function` or a download leaves it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from function.evidence import Evidence, EvidenceError, is_of_csv
from function.results import CORRECTIONS_SUFFIX, ERROR_SUFFIX, evidence_beside
from register.corrections import CorrectionsError, read_corrections, read_lesson
from register.sessions import Found, session_of, session_without_csv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from register.corrections import Correction, Lesson


def sessions_in_folder(folder: Path) -> Found:
    """Read the results in a folder and below. Hidden files and folders are passed over.

    Evidence counts if it is of the CSV as it is; an edited CSV stands for itself.

    Raises:
        OSError: something cannot be read.

    """
    notes: list[str] = []
    sessions = []
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if name.endswith(ERROR_SUFFIX):
            stem = name.removesuffix(ERROR_SUFFIX)
            if not (folder / f"{stem}.csv").exists():
                corrections, _ = _corrections(folder, stem, notes)
                report = path.read_bytes()
                sessions.append(session_without_csv(stem, report, corrections=corrections))
        elif name.endswith(".csv"):
            stem, csv = name.removesuffix(".csv"), path.read_bytes()
            evidence = _evidence(folder / evidence_beside(name), csv, notes)
            corrections, lesson = _corrections(folder, stem, notes)
            session = session_of(stem, csv, evidence, corrections=corrections)
            sessions.append(replace(session, starts=lesson.starts) if lesson else session)
    return Found(sessions=tuple(sessions), notes=tuple(notes))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        elif path.is_file():
            yield path


def _evidence(path: Path, csv: bytes, notes: list[str]) -> Evidence | None:
    try:
        evidence = Evidence.from_bytes(path.read_bytes())
    except FileNotFoundError:
        return None
    except EvidenceError as error:
        notes.append(f"{path}: passed over, the CSV counts: {error}")
        return None
    if not is_of_csv(evidence, csv):
        notes.append(f"{path}: passed over, the CSV counts: that has changed since")
        return None
    return evidence


def _corrections(
    folder: Path, stem: str, notes: list[str]
) -> tuple[tuple[Correction, ...], Lesson | None]:
    path = folder / f"{stem}{CORRECTIONS_SUFFIX}"
    try:
        content = path.read_bytes()
        return read_corrections(content), read_lesson(content)
    except FileNotFoundError:
        return (), None
    except CorrectionsError as error:
        notes.append(f"{path}: passed over: {error}")
        return (), None
