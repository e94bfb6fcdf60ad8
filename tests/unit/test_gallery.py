"""The gallery's file is refused unless it fits, and its faces are named only when it is clear."""

from __future__ import annotations

import io
import os
import pickle
import resource
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from function.recogniser.faces.encoding import MODEL
from function.recogniser.identity import gallery as gallery_module
from function.recogniser.identity.enrolled import LONGEST_COURSE_NAME, CourseNameError, Enrolled
from function.recogniser.identity.gallery import Gallery, GalleryError, Match

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

TOLERANCE, MARGIN = 0.6, 0.02
SOURCE = "0123456789abcdef" * 4
DAY = "2026-11-27"
TODAY = date.fromisoformat(DAY)
KNOWN = {
    "b": Enrolled(
        courses=("physics-10b", "Ethik"),
        consent=date(2026, 9, 1),
        until=date(2027, 7, 31),
        tolerance=0.5,
    )
}


def encodings(count: int, seed: int = 0) -> NDArray[np.float32]:
    """Return encodings that look like the model's: about 1.4 long, of 0.5 to 1 apart."""
    random = np.random.default_rng(seed)
    middle = random.normal(0, 0.11, 128)
    return (middle + random.normal(0, 0.05, (count, 128))).astype(np.float32)


def near(encoding: NDArray[np.float32], distance: float, seed: int = 0) -> NDArray[np.float32]:
    """Return an encoding at that distance from the given one."""
    direction = np.random.default_rng(seed).normal(size=128)
    moved = encoding + distance * direction / np.linalg.norm(direction)
    return moved.astype(np.float32)


def identify(gallery: Gallery, *faces: NDArray[np.float32], margin: float = MARGIN) -> list[str]:
    """Name the faces, those too far away or between two students "unknown"."""
    return [
        match.student_id if match.distance <= TOLERANCE and match.margin > margin else "unknown"
        for match in gallery.nearest(np.stack(faces))
    ]


def contents(**changes: object) -> dict[str, Any]:
    """Return what the earlier version's file has, with changes."""
    good: dict[str, Any] = {
        "model": MODEL,
        "version": 1,
        "student_ids": ["a", "b"],
        "encodings": encodings(2),
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def full_gallery() -> Gallery:
    return Gallery(
        student_ids=("a", "b", "b"),
        encodings=encodings(3),
        sources=(SOURCE, "", SOURCE),
        enrolled=(DAY, "", DAY),
        students=KNOWN,
    )


def full_contents(**changes: object) -> dict[str, Any]:
    """Return what the file of a gallery has of which all is known, with changes."""
    file = io.BytesIO()
    full_gallery().save(file)
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        good = dict(arrays)
    return {name: value for name, value in (good | changes).items() if value is not None}


def file_of(**arrays: object) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, np.asarray(array))
    file.seek(0)
    return file


# The file


def test_a_gallery_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    gallery = Gallery(student_ids=("ü 1", "b", "b"), encodings=encodings(3))
    gallery.save(tmp_path / "gallery.npz")
    loaded = Gallery.load(tmp_path / "gallery.npz")
    assert loaded.student_ids == gallery.student_ids
    assert np.array_equal(loaded.encodings, gallery.encodings)
    assert loaded.encodings.dtype == np.float32
    assert list(tmp_path.iterdir()) == [tmp_path / "gallery.npz"]


def test_what_is_known_of_portraits_and_students_comes_back_too() -> None:
    file = io.BytesIO()
    full_gallery().save(file)
    loaded = Gallery.load(file)
    assert loaded.sources == (SOURCE, "", SOURCE)
    assert loaded.enrolled == (DAY, "", DAY)
    assert loaded.students == KNOWN
    assert loaded.student("a") == Enrolled()


def test_the_earlier_version_is_read_and_says_less() -> None:
    loaded = Gallery.load(file_of(**contents()))
    assert loaded.student_ids == ("a", "b")
    assert (loaded.sources, loaded.enrolled, loaded.students) == (("", ""), ("", ""), {})
    (match,) = loaded.nearest(encodings(2)[:1])
    assert match.student_id == "a"


def test_the_empty_gallery_can_be_saved_too() -> None:
    file = io.BytesIO()
    Gallery.empty().save(file)
    assert Gallery.load(file).student_ids == ()


def test_numpy_can_read_it_without_pickle(tmp_path: Path) -> None:
    Gallery(student_ids=("a",), encodings=encodings(1)).save(tmp_path / "gallery.npz")
    with np.load(tmp_path / "gallery.npz", allow_pickle=False) as arrays:
        assert arrays["student_ids"].tolist() == ["a"]
        assert arrays["encodings"].shape == (1, 128)
        assert arrays["version"] == 2


def test_the_same_gallery_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = Gallery(student_ids=("a", "b"), encodings=encodings(2))
    first, second = io.BytesIO(), io.BytesIO()
    gallery.save(first)
    monkeypatch.setattr("time.time", lambda: 2e9)
    gallery.save(second)
    assert first.getvalue() == second.getvalue()


def test_the_order_in_which_students_and_courses_are_given_does_not_matter() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    one = {
        "a": Enrolled(courses=("x", "y")),
        "b": Enrolled(courses=("z",), until=date(2027, 1, 1)),
    }
    other = {"b": one["b"], "a": Enrolled(courses=("y", " x ", "y"))}
    for file, students in ((first, one), (second, other)):
        Gallery(student_ids=("a", "b"), encodings=encodings(2), students=students).save(file)
    assert first.getvalue() == second.getvalue()


def test_a_student_of_whom_nothing_is_known_makes_no_difference() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    Gallery(student_ids=("a",), encodings=encodings(1)).save(first)
    Gallery(student_ids=("a",), encodings=encodings(1), students={"a": Enrolled()}).save(second)
    assert first.getvalue() == second.getvalue()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"students": None}, "students"),
        ({"students": ["a", "b"]}, "tolerances"),
        ({"students": ["c"]}, "who has no row"),
        ({"students": [7]}, "students"),
        ({"sources": np.array(["a" * 64, "", "x" * 64], "S64")}, "SHA-256"),
        ({"sources": np.array([SOURCE], "S64")}, "source"),
        ({"sources": np.array([SOURCE] * 3, "U64")}, "U64"),
        ({"enrolled": np.array([DAY, "", "yesterday"], "S10")}, "yesterday"),
        ({"until": np.array(["2027-02-30"], "S10")}, "day is out of range"),
        ({"until": np.array([b"\xff"], "S10")}, "ascii"),
        ({"consent": np.array([DAY, DAY], "S10")}, "argument"),
        ({"tolerance": np.array([0.0])}, "above 0"),
        ({"tolerance": np.array([np.inf])}, "above 0"),
        ({"tolerance": ["0.5"]}, "tolerances"),
        ({"courses": ["a/b", "physics"]}, "a/b"),
        ({"memberships": np.array([[0, 2]], np.int32)}, "membership"),
        ({"memberships": np.array([[-1, 0]], np.int32)}, "membership"),
        ({"memberships": np.array([0, 1], np.int32)}, "memberships"),
        ({"memberships": np.array([[0.5, 0]])}, "memberships"),
    ],
)
def test_what_does_not_fit_of_what_is_known_is_refused(
    changes: dict[str, object], named: str
) -> None:
    with pytest.raises(GalleryError) as raised:
        Gallery.load(file_of(**full_contents(**changes)))
    assert named in str(raised.value)
    assert "enrol the portraits again" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"model": "another_model"}, "another_model"),
        ({"version": 3}, "version 3"),
        ({"model": None}, "model"),
        ({"encodings": None}, "encodings"),
        ({"encodings": encodings(2)[:, :64]}, "(2, 64)"),
        ({"encodings": encodings(3)}, "(3, 128)"),
        ({"encodings": encodings(2)[0]}, "(128,)"),
        ({"encodings": encodings(2).astype(np.float64)}, "float64"),
        ({"encodings": np.full((2, 128), np.nan, np.float32)}, "no number"),
        ({"student_ids": [1, 2]}, "student ids"),
        ({"student_ids": [["a"], ["b"]]}, "student ids"),
        ({"student_ids": ["a", ""]}, "row 1"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes: dict[str, object], named: str) -> None:
    with pytest.raises(GalleryError) as raised:
        Gallery.load(file_of(**contents(**changes)))
    assert named in str(raised.value)
    assert "enrol the portraits again" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    class Touch:
        def __reduce__(self) -> tuple[Any, ...]:
            return (tmp_path.joinpath("ran").touch, ())

    hostile = np.array([Touch()], dtype=object)
    for file in (io.BytesIO(pickle.dumps(Touch())), file_of(**contents(student_ids=hostile))):
        with pytest.raises(GalleryError):
            Gallery.load(file)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("arrays", [contents, full_contents], ids=["version 1", "version 2"])
@given(data=st.data())
def test_a_damaged_file_raises_nothing_but_a_gallery_error(
    arrays: Callable[[], dict[str, Any]], data: st.DataObject
) -> None:
    content = bytearray(file_of(**arrays()).getvalue())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=20)):
        content[place] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's, of names that come twice in an archive
        try:
            Gallery.load(io.BytesIO(content))
        except GalleryError as error:
            assert "\n" not in str(error)  # noqa: PT017 - it need not be raised


def with_central_field(offset: int, value: int) -> io.BytesIO:
    """Return a gallery with a field of two bytes changed in the entry of its first member."""
    content = bytearray(file_of(**contents()).getvalue())
    entry = content.index(b"PK\x01\x02")  # the first record of the central directory
    content[entry + offset : entry + offset + 2] = value.to_bytes(2, "little")
    return io.BytesIO(content)


def of_a_huge_array() -> io.BytesIO:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (10**11, 128)}
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("model", "version", "student_ids", "encodings"):
            archive.writestr(f"{name}.npy", header.getvalue())
    return file


@pytest.mark.parametrize(
    "file",
    [with_central_field(8, 1), with_central_field(10, 99), of_a_huge_array()],
    ids=["encrypted", "compressed in an unknown way", "larger than the memory"],
)
def test_what_zipfile_or_numpy_cannot_do_is_no_gallery(file: io.BytesIO) -> None:
    with pytest.raises(GalleryError, match="not a gallery"):
        Gallery.load(file)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Gallery.load(tmp_path / "absent.npz")


def test_a_gallery_saved_by_a_link_is_in_the_file_itself(tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    real, link = tmp_path / "class" / "real.npz", tmp_path / "link.npz"
    Gallery(student_ids=("1",), encodings=encodings(1)).save(real)
    link.symlink_to(real)
    Gallery.empty().save(link)
    assert link.is_symlink()
    assert Gallery.load(real).student_ids == ()
    assert list(real.parent.iterdir()) == [real]


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_gallery_stays_as_open_or_closed_to_others_as_it_was(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "g.npz"
    Gallery.empty().save(path)
    path.chmod(mode)
    Gallery.empty().save(path)
    assert path.stat().st_mode & 0o777 == mode


def test_a_new_gallery_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    Gallery.empty().save(path)
    assert path.stat().st_mode & 0o777 == 0o600


def other_group() -> int | None:
    """Return a group that this process may give its files to, and which they have not anyway."""
    if os.geteuid() == 0:
        return os.getegid() + 1
    return next((group for group in os.getgroups() if group != os.getegid()), None)


@pytest.mark.skipif(other_group() is None, reason="there is no other group to give files to")
def test_a_gallery_keeps_its_group(tmp_path: Path) -> None:
    path, group = tmp_path / "g.npz", other_group()
    assert group is not None
    Gallery.empty().save(path)
    os.chown(path, -1, group)
    path.chmod(0o640)
    Gallery.empty().save(path)
    assert (path.stat().st_gid, path.stat().st_mode & 0o777) == (group, 0o640)


@pytest.mark.parametrize(("refused", "mode"), [("the owner", 0o640), ("owner and group", 0o600)])
def test_another_group_is_not_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str, mode: int
) -> None:
    path = tmp_path / "g.npz"
    Gallery.empty().save(path)
    path.chmod(0o640)

    def as_the_kernel_refuses(descriptor: int, owner: int, group: int) -> None:
        del descriptor, group
        if refused == "owner and group" or owner != -1:
            raise PermissionError

    monkeypatch.setattr(os, "fchown", as_the_kernel_refuses)
    Gallery.empty().save(path)
    assert path.stat().st_mode & 0o777 == mode


def test_files_beside_the_gallery_are_left_alone(tmp_path: Path) -> None:
    path, mine = tmp_path / "g.npz", tmp_path / "notes"
    mine.write_text("mine")
    for beside in (tmp_path / "g.npz.partial", tmp_path / ".g.npz"):
        beside.symlink_to(mine)
    Gallery.empty().save(path)
    assert mine.read_text() == "mine"
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        ".g.npz",
        "g.npz",
        "g.npz.partial",
        "notes",
    ]


def test_a_gallery_may_have_as_long_a_name_as_any_file(tmp_path: Path) -> None:
    for name in ("x" * 255, "😀" * 63):
        Gallery.empty().save(tmp_path / name)
        assert Gallery.load(tmp_path / name).student_ids == ()


def test_galleries_saved_at_once_are_each_whole(tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    many = [Gallery(student_ids=(str(n),) * 500, encodings=encodings(500, n)) for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda gallery: gallery.save(path), many * 4))
    loaded = Gallery.load(path)
    (saved,) = (gallery for gallery in many if gallery.student_ids == loaded.student_ids)
    assert np.array_equal(loaded.encodings, saved.encodings)
    assert list(tmp_path.iterdir()) == [path]


def test_a_gallery_takes_the_place_of_no_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(GalleryError, match=r"pipe is not a regular file: name another"):
        Gallery.empty().save(pipe)
    assert list(tmp_path.iterdir()) == [pipe]
    assert pipe.is_fifo()


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    Gallery.empty().save(path)
    many = Gallery(student_ids=("1",) * 1000, encodings=encodings(1000))
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, unlimited[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            many.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert list(tmp_path.iterdir()) == [path]
    assert Gallery.load(path).student_ids == ()


# Who is looked for


def test_a_course_is_compared_with_its_own_students_only() -> None:
    rows = encodings(4)
    gallery = Gallery(
        student_ids=("a", "b", "c", "b"),
        encodings=rows,
        students={
            "a": Enrolled(courses=("physics", "Ethik")),
            "b": Enrolled(courses=("Ethik",)),
        },
    )
    assert gallery.courses == {"physics", "Ethik"}
    ethics = gallery.looked_for(course="Ethik", today=TODAY)
    assert ethics.student_ids == ("a", "b", "b")
    assert identify(ethics, rows[3], rows[2]) == ["b", "unknown"]
    physics = gallery.looked_for(course="physics", today=TODAY)
    # The margin is to the others of the course: here there are none.
    assert [match.margin for match in physics.nearest(rows[:1])] == [float("inf")]
    assert gallery.looked_for(course="chess", today=TODAY).student_ids == ()
    assert gallery.looked_for(course=None, today=TODAY) is gallery


def test_the_last_day_counts_and_the_next_does_not() -> None:
    gallery = Gallery(
        student_ids=("a", "b"),
        encodings=encodings(2),
        students={"b": Enrolled(courses=("Ethik",), until=date(2027, 7, 31))},
    )
    last, next_day = date(2027, 7, 31), date(2027, 8, 1)
    assert gallery.looked_for(course=None, today=last) is gallery
    assert gallery.looked_for(course=None, today=next_day).student_ids == ("a",)
    assert gallery.looked_for(course="Ethik", today=next_day).student_ids == ()


def test_two_ids_that_become_one_are_one_student_s() -> None:
    ethics, chess = Enrolled(courses=("ethics",)), Enrolled(courses=("chess",))
    gallery = Gallery(
        student_ids=("A", "B", "a"), encodings=encodings(3), students={"a": chess, "A": ethics}
    )
    renamed = gallery.renamed(str.lower)
    assert renamed.student_ids == ("a", "b", "a")
    assert renamed.students == {"a": chess}


def test_a_match_says_the_student_s_own_tolerance() -> None:
    matches = full_gallery().nearest(encodings(3))
    assert [match.own_tolerance for match in matches] == [float("inf"), 0.5, 0.5]


def test_names_of_courses_are_compared_as_people_see_them() -> None:
    assert Enrolled(courses=(" Gefa\u0308\u00df\n",)).courses == ("Gef\u00e4\u00df",)


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "a\0", "a\u200bb", "x" * (LONGEST_COURSE_NAME + 1)]
)
def test_what_could_not_be_a_folder_is_no_course(name: str) -> None:
    with pytest.raises(CourseNameError, match="choose a name") as refused:
        Enrolled(courses=(name,))
    assert "\n" not in str(refused.value)


# Naming faces


def test_a_face_is_the_nearest_students() -> None:
    rows = encodings(3)
    gallery = Gallery(student_ids=("a", "b", "c"), encodings=rows)
    assert identify(gallery, near(rows[1], 0.2), rows[2], near(rows[0], 0.3)) == ["b", "c", "a"]


def test_any_portrait_of_a_student_will_do() -> None:
    rows = np.concatenate([encodings(2, seed=1), encodings(2, seed=2)])
    gallery = Gallery(student_ids=("a", "b", "b", "a"), encodings=rows)
    assert identify(gallery, *(near(row, 0.1) for row in rows)) == ["a", "b", "b", "a"]


def test_a_face_beyond_the_tolerance_is_unknown() -> None:
    rows = encodings(1)
    gallery = Gallery(student_ids=("a",), encodings=rows)
    assert identify(gallery, near(rows[0], 0.599), near(rows[0], 0.601)) == ["a", "unknown"]


def test_a_face_between_two_students_is_unknown() -> None:
    face = encodings(1)[0]
    rows = np.stack([near(face, 0.3, seed=1), near(face, 0.315, seed=2), near(face, 0.33, seed=3)])
    assert identify(Gallery(student_ids=("a", "b", "c"), encodings=rows), face) == ["unknown"]
    assert identify(Gallery(student_ids=("a", "a", "c"), encodings=rows), face) == ["a"]


@pytest.mark.parametrize("margin", [0, MARGIN])
def test_a_portrait_that_two_students_share_names_nobody(margin: float) -> None:
    row = encodings(1)[0]
    many = encodings(40, seed=3)
    gallery = Gallery(
        student_ids=("a", *(f"s{n}" for n in range(40)), "b"),
        encodings=np.concatenate([[row], many, [row]]),
    )
    assert identify(gallery, near(row, 0.1), margin=margin) == ["unknown"]


def test_nobody_is_known_to_an_empty_gallery() -> None:
    assert Gallery.empty().nearest(encodings(2)) == []


def test_no_faces_give_no_matches() -> None:
    gallery = Gallery(student_ids=("a",), encodings=encodings(1))
    assert gallery.nearest(np.empty((0, 128), np.float32)) == []


galleries = st.integers(1, 12).flatmap(
    lambda rows: st.tuples(
        st.lists(st.sampled_from("abcd"), min_size=rows, max_size=rows),
        st.integers(0, 10_000),
    )
)


def reference(ids: list[str], rows: NDArray[np.float32], face: NDArray[np.float32]) -> Match:
    """Find the nearest student the plain way, in double precision."""
    nearest: dict[str, float] = {}
    for student_id, row in zip(ids, rows, strict=True):
        distance = float(np.linalg.norm(row.astype(np.float64) - face))
        nearest[student_id] = min(distance, nearest.get(student_id, np.inf))
    ranked = sorted((distance, student_id) for student_id, distance in nearest.items())
    best, second = ranked[0][0], ranked[1][0] if len(ranked) > 1 else np.inf
    assume(second - best > 1e-5)  # rounding decides between two that are equally near
    return Match(student_id=ranked[0][1], distance=best, margin=second - best)


@given(gallery=galleries, faces=st.integers(1, 6))
def test_all_faces_at_once_are_matched_as_one_by_one(
    gallery: tuple[list[str], int], faces: int
) -> None:
    ids, seed = gallery
    rows = encodings(len(ids) + faces, seed)
    rows, seen = rows[: len(ids)], rows[len(ids) :]
    seen[::2] = near(rows[0], 0.4, seed)
    expected = [reference(ids, rows, face) for face in seen]
    known = Gallery(student_ids=tuple(ids), encodings=rows)
    for match, wanted in zip(known.nearest(seen), expected, strict=True):
        assert match.student_id == wanted.student_id
        assert match.distance == pytest.approx(wanted.distance, abs=1e-6)
        assert match.margin == pytest.approx(wanted.margin, abs=1e-6)


@given(gallery=galleries, data=st.data())
def test_the_order_of_the_rows_does_not_matter(
    gallery: tuple[list[str], int], data: st.DataObject
) -> None:
    ids, seed = gallery
    rows = encodings(len(ids), seed)
    faces = np.stack([near(rows[0], 0.3, seed), *encodings(3, seed + 1)])
    order = data.draw(st.permutations(range(len(ids))))
    one = Gallery(student_ids=tuple(ids), encodings=rows)
    other = Gallery(student_ids=tuple(ids[i] for i in order), encodings=rows[list(order)])
    for match, same in zip(one.nearest(faces), other.nearest(faces), strict=True):
        assert match.distance == pytest.approx(same.distance, abs=1e-6)
        assert match.student_id == same.student_id or match.margin == pytest.approx(0, abs=1e-6)


@given(gallery=galleries, name=st.sampled_from("abcd"))
def test_a_second_copy_of_a_row_changes_nothing(gallery: tuple[list[str], int], name: str) -> None:
    ids, seed = gallery
    assume(name in ids)
    rows = encodings(len(ids), seed)
    faces = np.stack([near(rows[0], 0.3, seed), *encodings(3, seed + 1)])
    row = rows[ids.index(name)]
    one = Gallery(student_ids=tuple(ids), encodings=rows)
    other = Gallery(student_ids=(*ids, name), encodings=np.concatenate([rows, [row]]))
    for match, same in zip(one.nearest(faces), other.nearest(faces), strict=True):
        assert match.distance == pytest.approx(same.distance, abs=1e-6)
        assert match.student_id == same.student_id or match.margin == pytest.approx(0, abs=1e-6)


def test_distances_are_those_of_face_recognition() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its models' package warns of pkg_resources
        import face_recognition  # noqa: PLC0415 - loads models for seconds

    rows = encodings(50)
    gallery = Gallery(student_ids=tuple(f"s{n}" for n in range(50)), encodings=rows)
    for distance in (0, 0.01, 0.3, 0.59):
        face = near(rows[7], distance, seed=5)
        (match,) = gallery.nearest(face[np.newaxis])
        expected = face_recognition.face_distance(rows.astype(np.float64), face)
        assert match.student_id == f"s{expected.argmin()}"
        assert match.distance == pytest.approx(expected.min(), abs=1e-6)


def test_faces_beyond_one_block_are_named_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = encodings(10)
    gallery = Gallery(student_ids=tuple("aabbccddee"), encodings=rows)
    faces = np.concatenate([rows, encodings(7, seed=9)])
    expected = gallery.nearest(faces)
    monkeypatch.setattr(gallery_module, "_DISTANCES_AT_ONCE", 25)
    assert gallery.nearest(faces) == expected


def test_the_file_is_a_plain_archive_that_no_name_escapes_from() -> None:
    file = io.BytesIO()
    Gallery.empty().save(file)
    with zipfile.ZipFile(file) as archive:
        assert all("/" not in name for name in archive.namelist())
