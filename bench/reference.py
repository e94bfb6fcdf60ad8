"""The yardstick of recall: a frame of every step, in full, doubled, through face_recognition.

Nothing is saved on: every picture is decoded, none is made smaller, and no face is taken for one
that was seen before.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import face_recognition
import numpy as np

from function.recogniser.video.opening import opened_recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from av.video.frame import VideoFrame

    from function.recogniser.identity.gallery import Gallery
    from function.recogniser.video.frame import Frame
    from function.recogniser.video.track import PictureTrack

PROBES: Mapping[str, str] = {
    "bench.reference:first_frames": "decode",
    "face_recognition.api:_raw_face_locations": "detect",
    "face_recognition.api:_raw_face_landmarks": "align",
    "face_recognition:face_encodings": "describe",
    "face_recognition:face_distance": "match",
}

# One face this near is enough, or several within face_recognition's usual tolerance. Measured on
# 42 clips with 29 enrolled students: every student in them, and no stranger.
_CONFIDENT = 0.54
_TOLERANCE = 0.6


def everyone(video: Path, gallery: Gallery, *, per_second: float) -> frozenset[str]:
    """Return the ids of the students who are in the video, each face being the nearest row's."""
    distances: defaultdict[str, list[float]] = defaultdict(list)
    for frame in first_frames(video, per_second=per_second):
        places = face_recognition.face_locations(frame.pixels, number_of_times_to_upsample=1)
        for face in face_recognition.face_encodings(frame.pixels, places):
            to_rows = face_recognition.face_distance(gallery.encodings, face)
            nearest = int(np.argmin(to_rows))
            if to_rows[nearest] <= _TOLERANCE:
                distances[gallery.student_ids[nearest]].append(float(to_rows[nearest]))
    return frozenset(
        student for student, hits in distances.items() if min(hits) <= _CONFIDENT or len(hits) > 1
    )


def first_frames(video: Path, *, per_second: float) -> Iterator[Frame]:
    """Decode the whole video, and yield the first frame of each step of 1/`per_second` seconds."""
    latest = -1
    with opened_recording(video) as recording:
        track = recording.tracks()[0]
        for picture in _all_pictures(track):
            seconds = track.seconds(picture.pts or 0)
            step = math.floor(seconds * per_second)
            if step > latest and (frame := track.shown(picture, video_seconds=seconds)):
                latest = step
                yield frame


def _all_pictures(track: PictureTrack) -> Iterator[VideoFrame]:
    for packet in track.packets():
        yield from track.pictures(packet)
    # Only now: those that the decoder holds back are the last ones.
    yield from track.restart()
