"""Real clips with known truth: everyone in them is found, and nobody else.

The clips are not in the repository. LAMBDALENS_CLIPS names the folder that has them, with their
truth in manifest.csv; without it these tests are skipped.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from enroll.encodings_file import read_encodings_file
from enroll.portraits import encode_portrait
from function.recogniser.identity.gallery import Gallery
from function.recogniser.options import RecognitionOptions
from function.recogniser.recognition import recognise
from function.recogniser.video.unreadable import UnreadableVideoError

CLIPS = os.environ.get("LAMBDALENS_CLIPS")
pytestmark = pytest.mark.skipif(not CLIPS, reason="LAMBDALENS_CLIPS is not set")

# The portraits and the file of encodings call two people by different names.
ONE_PERSON = {"obama": "president_obama", "biden": "president_biden"}

NOT_A_VIDEO = {
    "audio_only.mp4",
    "mp4parse_chunk_out_of_range.mp4",
    "mp4parse_xhe_aac_audio_only.mp4",
    "text_named.mp4",
    "zero_bytes.mp4",
}


def manifest(role: str) -> list[dict[str, str]]:
    if not CLIPS:
        return []
    with Path(CLIPS, "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["role"].startswith(role)]


def persons(row: dict[str, str]) -> set[str]:
    return {ONE_PERSON.get(name, name) for name in row["persons"].split(";") if name}


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    """Enrol all portraits, and everyone in the file of encodings."""
    assert CLIPS
    names, encodings = read_encodings_file(Path(CLIPS, "classroom", "encoding"))
    ids = list(names)
    rows = list(encodings)
    for portrait in manifest("picture-enrol"):
        ids += persons(portrait)
        rows.append(encode_portrait(Path(CLIPS, portrait["path"])))
    return Gallery(student_ids=tuple(ids), encodings=np.stack(rows))


def reports() -> list[dict[str, str]]:
    """Return what is known of files that were made after reports of people who do this job."""
    if not CLIPS:
        return []
    with Path(CLIPS, "reports", "reports.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", reports(), ids=lambda row: row["file"])
def test_a_recording_after_a_report_gives_who_is_in_it_and_when(
    gallery: Gallery, row: dict[str, str]
) -> None:
    assert CLIPS
    expected = {
        ONE_PERSON.get(name, name): float(time)
        for name, time in (person.split("@") for person in row["expect"].split(";"))
    }
    options = RecognitionOptions()
    recognition = recognise(Path(CLIPS, "reports", row["file"]), gallery, options)
    seen = {each.student_id: each.first_seen for each in recognition.attendance}
    assert seen.keys() == expected.keys()
    for student, time in expected.items():
        assert time - 0.5 <= seen[student] <= time + 0.5 + 1 / options.samples_per_second
    assert recognition.video_seconds <= float(row["span"]) + 0.5
    assert not recognition.unread


@pytest.mark.parametrize("row", manifest("video"), ids=lambda row: row["path"])
def test_a_clip_gives_those_who_are_in_it(gallery: Gallery, row: dict[str, str]) -> None:
    assert CLIPS
    clip = Path(CLIPS, row["path"])
    if clip.name in NOT_A_VIDEO:
        with pytest.raises(UnreadableVideoError):
            recognise(clip, gallery, RecognitionOptions())
        return
    recognition = recognise(clip, gallery, RecognitionOptions())
    assert {seen.student_id for seen in recognition.attendance} == persons(row)
