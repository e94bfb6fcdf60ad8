"""A long video is looked at span by span, anywhere and in any order, to the same result."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from function.recogniser.faces.encoding import find_faces
from function.recogniser.faces.location import Box
from function.recogniser.faces.quality import Quality
from function.recogniser.identity.attendance import Look
from function.recogniser.identity.gallery import Gallery, Match
from function.recogniser.identity.strangers import most_strangers, seen_faces
from function.recogniser.looking import Finding
from function.recogniser.looks import Looks, LooksError
from function.recogniser.options import RecognitionOptions
from function.recogniser.recognition import recognise
from function.recogniser.spans import Plan, conclude, look_at, plan
from function.recogniser.video.plan import WHOLE, IndivisibleError, Outline, Span, divided
from function.recogniser.video.reading import Mark, Reading
from function.recogniser.video.sampling import sampled_frames
from function.recogniser.video.unreadable import UnreadableVideoError
from samples.pictures import sample_picture
from tests.unit.test_sampling import CODINGS, coded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

OPTIONS = RecognitionOptions()

Sample = tuple[int, float, int]


def spans_at(*starts: float) -> list[Span]:
    """Return the spans that begin at the start, and at these times."""
    begins: list[float] = [0.0, *starts]
    ends: list[float | None] = [*starts, None]
    return [Span(start=start, end=end) for start, end in zip(begins, ends, strict=True)]


def samples(
    path: Path, *, per_second: float, spans: Iterable[Span] = (WHOLE,)
) -> tuple[list[Sample], list[Reading]]:
    found: list[Sample] = []
    readings = []
    for span in spans:
        reading = Reading()
        frames = sampled_frames(path, per_second=per_second, reading=reading, span=span)
        found += [(it.track, it.time, int(it.brightness.sum(dtype=int))) for it in frames]
        readings.append(reading)
    return sorted(found), readings


# Where a span begins and ends.


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("coded")


# Those whose pictures lean on others than keyframes, or whose times on the order of all of them.
# It is said of them on the way, and there is no picture less.
INDIVISIBLE = {"refreshed in parts", "a disc's", "an old camera's", "H.264 in AVI"}


@pytest.mark.parametrize("name", CODINGS)
def test_the_spans_have_between_them_the_samples_of_the_whole(folder: Path, name: str) -> None:
    path = coded(folder, name, 25)
    spans = spans_at(2.3, 2.6, 5.1)
    if name in INDIVISIBLE:
        with pytest.raises(IndivisibleError):
            samples(path, per_second=2, spans=spans)
        return
    whole, (reading,) = samples(path, per_second=2)
    parts, readings = samples(path, per_second=2, spans=spans)
    assert parts == whole
    for one, other in pairwise(readings):
        assert one.ends == other.begins
    assert max(it.seconds for it in readings) == reading.seconds
    assert [it.unread for it in readings if it.unread] == []


def test_no_span_begins_where_a_cut_leaves_a_step_with_few_pictures(folder: Path) -> None:
    # Their order of decoding may go back to before the keyframe.
    scenes = np.random.default_rng(7).integers(0, 256, (7, 144, 192, 3), np.uint8)
    path = folder / "cuts.mp4"
    with av.open(str(path), "w") as container:
        options = {"bf": "3", "g": "50", "keyint_min": "50", "sc_threshold": "0"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 192, 144, "yuv420p"
        for number in range(50 * len(scenes)):
            # Of every other keyframe, three pictures later.
            picture = scenes[(number + 47) // 100].copy()
            picture[:16, number % 50 * 2 : number % 50 * 2 + 30] = 0
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))
    whole, _ = samples(path, per_second=2)
    parts, readings = samples(path, per_second=2, spans=spans_at(1.9, 3.9, 5.9, 7.9, 9.9))
    assert parts == whole
    assert all(one.ends == other.begins for one, other in pairwise(readings))
    assert [mark.seconds for it in readings for mark in it.begins if mark] == [4, 4, 8, 8, 12]


def test_a_span_without_a_keyframe_has_nothing(folder: Path) -> None:
    path = coded(folder, "one keyframe", 25)
    whole, _ = samples(path, per_second=2)
    first, (of_first,) = samples(path, per_second=2, spans=[Span(start=0, end=4)])
    last, (of_last,) = samples(path, per_second=2, spans=[Span(start=4, end=None)])
    assert (first, last) == (whole, [])
    assert of_first.ends == of_last.begins == [None]


# What a plan is made from.

HOUR = Outline(seconds=3600, pixels=1920 * 1080, rate=25)


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 30),
        ({"pixels": 1280 * 720}, 13),
        ({"pixels": 640 * 360}, 6),
        ({"pixels": 2560 * 1440}, 53),
        ({"pixels": 3840 * 2160}, 100),
        ({"pixels": 0}, 6),
        ({"seconds": 170}, 1),
        ({"seconds": 190}, 2),
        ({"seconds": 0.0}, 1),
        ({"rate": 9}, 1),
        ({"seconds": 1e12}, 100),
    ],
)
def test_a_span_is_two_minutes_of_1080p_and_longer_the_smaller_the_picture(
    changes: dict[str, float], count: int
) -> None:
    spans = divided(replace(HOUR, **changes), step=0.5)  # type: ignore[arg-type]
    assert len(spans) == count
    assert Plan.from_json(json.loads(json.dumps(Plan(spans=spans).as_json()))).spans == spans


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        {"spans": []},
        {"spans": [{"start": 1, "end": None}]},
        {"spans": [{"start": 0, "end": 3}]},
        {"spans": [{"start": 0, "end": 3}, {"start": 4, "end": None}]},
        {"spans": [{"start": 0, "end": "x"}]},
        {"spans": [{"start": float("nan"), "end": None}]},
        {"spans": [{"start": True, "end": None}]},
    ],
)
def test_what_is_no_plan_of_a_whole_video_is_refused(stored: object) -> None:
    with pytest.raises(ValueError, match="is no"):
        Plan.from_json(stored)


LONG = 1200  # seconds


@pytest.fixture(scope="module")
def long_mp4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_long(tmp_path_factory.mktemp("long") / "long.mp4", "libx264")


@pytest.fixture(scope="module")
def long_avi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_long(tmp_path_factory.mktemp("long") / "long.avi", "mpeg4")


def write_long(path: Path, encoder: str) -> Path:
    """Write a small video of twenty minutes, ten pictures a second, a keyframe every ten."""
    noise = np.random.default_rng(5).integers(0, 256, (7, 48, 64, 3), np.uint8)
    picture = noise[0].copy()
    with av.open(str(path), "w") as container:
        stream = container.add_stream(encoder, rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 64, 48, "yuv420p", 100
        # Not so small that it is not worth a look whether it is long.
        stream.options = {"preset": "ultrafast"} if encoder == "libx264" else {"qmax": "2"}
        for number in range(10 * LONG):
            picture[:6] = noise[number % 7, :6]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))
    return path


def in_another(
    path: Path, suffix: str, options: dict[str, str] | None = None, *, tracks: int = 1
) -> Path:
    """Return the video in another container, in so many picture tracks."""
    copy = path.with_name(f"{suffix}{len(options or {})}{tracks}.{suffix}")
    with av.open(str(path)) as given, av.open(str(copy), "w", options=options) as container:
        template = given.streams.video[0]
        streams = [container.add_stream_from_template(template) for _ in range(tracks)]
        for packet in given.demux(video=0):
            if packet.dts is not None:
                for stream in streams:
                    packet.stream = stream
                    container.mux(packet)
    return copy


CAN_BE_ENTERED = ["mp4", "mkv", "ts", "avi"]


@pytest.mark.parametrize("suffix", CAN_BE_ENTERED)
def test_a_long_one_is_divided_in_every_container_that_can_be_entered(
    long_mp4: Path, long_avi: Path, suffix: str
) -> None:
    path = in_another(long_avi if suffix == "avi" else long_mp4, suffix)
    spans = plan(path, OPTIONS).spans
    assert [span.start for span in spans] == pytest.approx([0, LONG / 2], abs=1)
    assert samples(path, per_second=0.2, spans=spans)[0] == samples(path, per_second=0.2)[0]


@pytest.mark.parametrize("suffix", CAN_BE_ENTERED)
def test_two_cameras_in_one_file_share_its_spans(
    long_mp4: Path, long_avi: Path, suffix: str
) -> None:
    path = in_another(long_avi if suffix == "avi" else long_mp4, suffix, tracks=2)
    spans = plan(path, OPTIONS).spans
    assert [span.start for span in spans] == pytest.approx([0, LONG / 2], abs=1)
    whole, (reading,) = samples(path, per_second=0.4)
    parts, readings = samples(path, per_second=0.4, spans=spans)
    assert {track for track, *_ in whole} == {0, 1}
    assert parts == whole
    assert [one.ends == other.begins for one, other in pairwise(readings)] == [True]
    assert max(it.seconds for it in readings) == reading.seconds


def test_what_could_not_be_entered_is_one_span(long_mp4: Path) -> None:
    def is_one(path: Path) -> bool:
        return plan(path, OPTIONS).spans == (WHOLE,)

    assert is_one(in_another(long_mp4, "mp4", {"movflags": "frag_keyframe+empty_moov"}))
    unindexed = in_another(long_mp4, "mkv")
    cues = b"\x1c\x53\xbb\x6b"
    assert cues in unindexed.read_bytes()
    unindexed.write_bytes(unindexed.read_bytes().replace(cues, cues[::-1]))
    assert is_one(unindexed)
    assert is_one(in_another(long_mp4, "flv"))
    assert plan(long_mp4, replace(OPTIONS, samples_per_second=4)).spans == (WHOLE,)


def test_of_joined_streams_it_is_noticed_on_the_way(long_mp4: Path) -> None:
    stream = in_another(long_mp4, "ts")
    stream.write_bytes(stream.read_bytes() * 2)
    with pytest.raises(IndivisibleError):
        samples(stream, per_second=0.2, spans=plan(stream, OPTIONS).spans)
    recognition = recognise(stream, Gallery.empty(), RecognitionOptions(samples_per_second=0.1))
    assert recognition.video_seconds == pytest.approx(2 * LONG, abs=1)


def test_what_is_no_video_is_one_span_and_who_looks_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("notes")
    assert plan(path, OPTIONS).spans == (WHOLE,)
    with pytest.raises(UnreadableVideoError):
        recognise(path, Gallery.empty(), OPTIONS)


# What a span's looks are kept as.

GOOD = Quality(height=80, score=0.92, tilt=5, sharpness=0.2, brightness=120)
POOR = replace(GOOD, height=17)
MOST = OPTIONS.tolerance


def look(student: str, distance: float, *times: float, face: int, good: bool = True) -> Look:
    return Look(
        match=Match(student_id=student, distance=distance, margin=math.inf),
        quality=GOOD if good else POOR,
        place=Box(0.125, 0.25, 0.1, 0.2),
        face=face,
        track=0,
        times=list(times),
    )


def kept(*looks: Look, span: Span = WHOLE) -> Looks:
    findings = [Finding(track=0, time=it.times[0], faces=1, looks=[it]) for it in looks]
    return Looks.of(span, findings, Reading(begins=[None], ends=[None]), tolerance=MOST)


any_look = st.builds(
    look,
    st.sampled_from("abc"),
    st.sampled_from([0.4, 0.55, 0.6, 0.64, 0.66, 0.8]),
    st.sampled_from([0.0, 0.5, 1.0, 1.5]),
    face=st.integers(0, 4),
    good=st.booleans(),
)


@given(looks=st.lists(any_look, max_size=12), named=st.sets(st.sampled_from("abc")))
def test_what_is_kept_says_the_same_of_students_and_of_strangers(
    looks: list[Look], named: set[str]
) -> None:
    stored = kept(*looks).as_bytes()
    again = Looks.from_bytes(stored)
    assert again == kept(*looks)
    assert list(again.looks) == [it for it in looks if not it.is_nobodys(MOST)]
    assert most_strangers(again.faces_seen, named, others=again.nobodys) == most_strangers(
        seen_faces(looks, tolerance=MOST), named
    )


def test_of_a_stranger_no_more_is_kept_than_that_one_was_there() -> None:
    stored = json.loads(kept(look("a", 0.8, 1.0, 1.5, face=7)).as_bytes())
    assert stored["looks"] == stored["faces_seen"] == []
    assert stored["nobodys"] == [[0, 1.0, 1], [0, 1.5, 1]]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b"{}", b'{"form": "lambdalens-looks 2"}', b"[" * 100_000],
)
def test_what_are_no_looks_is_refused(content: bytes) -> None:
    with pytest.raises(LooksError):
        Looks.from_bytes(content)


def test_looks_of_another_version_are_refused() -> None:
    stored = kept().as_bytes().replace(b"looks 2", b"looks 1")
    with pytest.raises(LooksError, match="another version"):
        Looks.from_bytes(stored)


# What follows from all of them.


def test_looks_are_concluded_from_in_any_order() -> None:
    first, last = spans_at(600)
    one = kept(look("a", 0.55, 1.0, 2.0, face=0), span=first)
    other = kept(look("a", 0.56, 601.0, face=0), look("b", 0.8, 700.0, face=1), span=last)
    forwards, backwards = conclude([one, other], OPTIONS), conclude([other, one], OPTIONS)
    assert forwards == backwards
    (seen,) = forwards.attendance
    assert (seen.first_seen, seen.last_seen, seen.sightings) == (1.0, 601.0, 3)
    assert (forwards.strangers, forwards.frames) == (1, 3)


def test_spans_that_do_not_fit_together_are_not_concluded_from() -> None:
    first, last = spans_at(600)
    one, other = kept(look("a", 0.4, 1.0, face=0), span=first), kept(span=last)
    conclude([one, other], OPTIONS)
    with pytest.raises(ValueError, match="not all"):
        conclude([one], OPTIONS)
    with pytest.raises(ValueError, match="not all"):
        conclude([], OPTIONS)
    one.reading.ends = [Mark(600.4, 7)]
    with pytest.raises(IndivisibleError):
        conclude([one, other], OPTIONS)


# A room in which everybody sits still, small, turned and lying faces among them.


@pytest.fixture(scope="module")
def people() -> dict[str, Image.Image]:
    def of(name: str) -> Image.Image:
        with Image.open(sample_picture(name)) as picture:
            return picture.convert("RGB")

    return {name: of(f"{name}.jpg") for name in ("obama", "biden", "grace_hopper")}


@pytest.fixture(scope="module")
def still_room(tmp_path_factory: pytest.TempPathFactory, people: dict[str, Image.Image]) -> Path:
    """Return a video of half a minute and two pictures a keyframe apart: nothing else happens."""
    room = Image.new("RGB", (1280, 720), (96, 90, 84))
    for number, (name, height, turned) in enumerate(
        [("obama", 110, 0), ("biden", 420, 30), ("grace_hopper", 300, 0)]
    ):
        person = people[name]
        person = person.resize((round(person.width * height / person.height), height))
        person = person.rotate(turned, expand=True, fillcolor=(96, 90, 84))
        room.paste(person, (60 + 420 * number, 120))
    path = tmp_path_factory.mktemp("room") / "room.mp4"
    pixels = np.asarray(room)
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "crf": "18"}
        stream = container.add_stream("libx264", rate=10, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 1280, 720, "yuv420p", 40
        for _ in range(300):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode(None))
    return path


def test_in_a_still_room_nobody_is_lost_where_spans_meet(
    still_room: Path, people: dict[str, Image.Image]
) -> None:
    faces = [find_faces(np.asarray(people[name]))[0] for name in ("obama", "biden")]
    gallery = Gallery(
        student_ids=("obama", "biden"), encodings=np.stack([face.encoding for face in faces])
    )
    whole = recognise(still_room, gallery, OPTIONS)
    looks = [look_at(still_room, gallery, OPTIONS, span) for span in spans_at(9.1, 18.2, 25.0)]
    parts = conclude([Looks.from_bytes(it.as_bytes()) for it in reversed(looks)], OPTIONS)
    assert described(parts.attendance) == described(whole.attendance)
    assert {it.student_id for it in parts.attendance} == {"obama", "biden"}
    assert (parts.frames, parts.faces, parts.strangers) == (whole.frames, whole.faces, 1)
    assert parts.video_seconds == whole.video_seconds
    for one, other in zip(parts.attendance, whole.attendance, strict=True):
        assert one.distance == pytest.approx(other.distance, abs=0.01)


def described(attendance: Sequence[object]) -> list[tuple[object, ...]]:
    return [
        (it.student_id, it.first_seen, it.last_seen, it.sightings)  # type: ignore[attr-defined]
        for it in attendance
    ]
