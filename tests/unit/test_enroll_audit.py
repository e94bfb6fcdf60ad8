"""The audit: planted faults are all named, what it would set is only set when told, and 0 is 0."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from enroll.__main__ import main
from enroll.days import today
from enroll.gallery_audit import OLD_AFTER_YEARS, Audit, audit
from enroll.likeness import resembling_within
from enroll.portraits import PortraitRefusedError, encode_portrait
from function.recogniser.faces.location import Box
from function.recogniser.identity.attendance import Look, attendance
from function.recogniser.identity.enrolled import Enrolled
from function.recogniser.identity.gallery import Gallery
from samples.pictures import sample_picture
from tests.unit.test_attendance import GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIPS = os.environ.get("LAMBDALENS_CLIPS")

A1, A2, A3 = "obama.jpg", "obama2.jpg", "obama3.jpg"
B, C, D = "biden.jpg", "astronaut.png", "grace_hopper.jpg"
TODAY = date(2026, 11, 27)


@cache
def face(name: str) -> np.ndarray:
    return encode_portrait(sample_picture(name))


def gallery(
    *rows: tuple[str, str], day: str = "2026-11-27", students: Mapping[str, Enrolled] | None = None
) -> Gallery:
    return Gallery(
        student_ids=tuple(student_id for student_id, _ in rows),
        encodings=np.stack([face(name) for _, name in rows]),
        enrolled=(day,) * len(rows),
        students=students or {},
    )


def audited(some: Gallery, *, alike: tuple[tuple[str, str], ...] = ()) -> Audit:
    pairs = {frozenset(pair) for pair in alike}
    return audit(some, tolerance=0.59, margin=0.05, today=TODAY, alike=pairs)


def near(distance: float, name: str = B) -> np.ndarray:
    """Return a face at this distance from somebody's."""
    step = np.random.default_rng(1).normal(size=128)
    return (face(name) + distance * step / np.linalg.norm(step)).astype(np.float32)


RIGHT = (("a", A1), ("a", A2), ("b", B), ("c", C), ("d", D))


def test_where_nothing_is_wrong_nothing_is_to_be_done() -> None:
    found = audited(gallery(*RIGHT))
    assert not found.has_work
    assert (found.students, found.portraits) == (4, 5)
    assert found.single == ("b", "c", "d")
    assert not found.alike + found.resembling


def test_a_portrait_that_was_swapped_is_named() -> None:
    found = audited(gallery(("a", A1), ("a", A2), ("b", B), ("b", A3)))
    (wrong,) = found.wrong
    assert (wrong.student_id, wrong.name) == ("b", "portrait 2")
    assert "looks like student a" in wrong.verdict.problem
    (pair,) = found.alike
    assert (pair.first, pair.second) == ("a", "b")
    assert pair.distance == pytest.approx(np.linalg.norm(face(A1) - face(A3)))
    assert found.has_work


def test_one_person_under_two_ids_is_a_pair_and_both_get_a_tolerance() -> None:
    found = audited(gallery(("one", A1), ("two", A2), ("b", B)))
    assert [(pair.first, pair.second) for pair in found.alike] == [("one", "two")]
    assert {wrong.student_id for wrong in found.wrong} == {"one", "two"}
    assert {each.student_id: each.after for each in found.tolerances} == {"one": 0.4, "two": 0.4}
    known = audited(gallery(("one", A1), ("two", A2)), alike=(("two", "one"),))
    assert not known.alike
    assert not known.wrong
    assert known.tolerances == found.tolerances


def test_a_stranger_in_a_folder_is_named() -> None:
    found = audited(gallery(("a", A1), ("a", A2), ("a", D), ("b", B)))
    (wrong,) = found.wrong
    assert (wrong.student_id, wrong.name) == ("a", "portrait 3")
    assert "looks unlike the student's others" in wrong.verdict.problem


def test_who_resembles_another_gets_a_tolerance_below_the_distance() -> None:
    some = Gallery(student_ids=("b", "like b"), encodings=np.stack([face(B), near(0.54)]))
    found = audited(some)
    assert not found.alike
    (pair,) = found.resembling
    assert pair.distance == pytest.approx(0.54, abs=1e-6)
    own = {each.student_id: (each.before, each.after) for each in found.tolerances}
    assert own in ({"b": (None, 0.49), "like b": (None, 0.49)}, {"b": (None, 0.48)} | own)
    assert found.has_work


def test_a_tolerance_that_is_not_needed_any_more_is_taken_away() -> None:
    some = gallery(*RIGHT, students={"b": Enrolled(tolerance=0.4, courses=("x",))})
    (own,) = audited(some).tolerances
    assert own == ("b", 0.4, None)


def test_a_pair_has_the_courses_that_both_have() -> None:
    known = {"one": Enrolled(courses=("x", "y")), "two": Enrolled(courses=("y", "z"))}
    (pair,) = audited(gallery(("one", A1), ("two", A2), students=known)).alike
    assert pair.courses == ("y",)


def test_whose_newest_portrait_is_old_is_named_and_an_unknown_day_is_not() -> None:
    limit = TODAY.replace(year=TODAY.year - OLD_AFTER_YEARS)
    some = replace(
        gallery(*RIGHT), enrolled=("2020-01-01", limit.isoformat(), "2020-01-01", "", "2023-11-26")
    )
    found = audited(some)
    assert found.old == {"b": date(2020, 1, 1), "d": date(2023, 11, 26)}
    assert found.has_work
    leap = audit(some, tolerance=0.59, margin=0.05, today=date(2028, 2, 29))
    assert set(leap.old) == {"a", "b", "d"}


def test_within_the_tolerance_that_is_supported_comes_one_look_in_ten_at_strangers() -> None:
    chance = np.random.default_rng(3)
    faces = np.zeros((300, 128), np.float32)
    faces[:, :24] = chance.normal(0, 0.865 / np.sqrt(2 * 24), (300, 24))
    some = Gallery(student_ids=tuple(map(str, range(300))), encodings=faces)
    found = audited(some)
    assert found.supported is not None
    assert found.supported < 0.59
    assert not found.is_supported
    matches = [
        some.rows([other for other in range(300) if other != row]).nearest(faces[row : row + 1])[0]
        for row in range(300)
    ]
    strangers = [match for match in matches if match.distance > resembling_within(300)]
    clear = [match.distance for match in strangers if match.margin >= 0.05]
    assert sum(it <= 0.59 for it in clear) / len(strangers) == pytest.approx(found.strangers)
    within, beyond = (sum(it <= found.supported + more for it in clear) for more in (0, 0.01))
    assert within <= len(strangers) // 10 < beyond


def test_what_is_set_keeps_a_look_alike_from_being_named() -> None:
    """The other has left the school, so no margin helps."""
    some = Gallery(student_ids=("b", "like b"), encodings=np.stack([face(B), near(0.5)]))
    own = {each.student_id: each.after for each in audited(some).tolerances}
    assert own["b"] is not None
    alone = some.rows([0])
    looks_at_the_other = some.encodings[1:]
    for students, names in (({}, ["b"]), ({"b": Enrolled(tolerance=own["b"])}, [])):
        (match,) = replace(alone, students=students).nearest(looks_at_the_other)
        looks = [
            Look(match=match, quality=GOOD, place=Box(0, 0, 1, 1), face=0, track=0, times=[time])
            for time in (0.0, 1.0, 2.0)
        ]
        seen = attendance(looks, tolerance=0.59, margin=0.05)
        assert [row.student_id for row in seen] == names


def test_nobody_and_one_student_alone_are_no_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not audit(Gallery.empty(), tolerance=0.59, margin=0.05, today=TODAY).has_work
    Gallery.empty().save(tmp_path / "nobody.npz")
    assert main(["audit", "--gallery", str(tmp_path / "nobody.npz")]) == 0
    assert capsys.readouterr().out == "Nobody is enrolled here.\n"
    assert audited(gallery(("a", A1), ("a", A2))).supported is None


def test_the_command_names_what_it_would_set_and_sets_it_when_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "g.npz"
    gallery(
        ("one", A1),
        ("two", A2),
        ("b", B),
        day=today().isoformat(),
        students={"one": Enrolled(courses=("x",))},
    ).save(file)
    before = file.read_bytes()
    command = ["audit", "--gallery", str(file)]
    assert main(command) == 1
    said = capsys.readouterr()
    assert said.err == ""
    assert "  students one and two, at 0.35\n" in said.out
    assert "  student one: 0.40 (now none)\n" in said.out
    assert said.out.endswith("Nothing was changed: with --apply, these tolerances are set.\n")
    assert file.read_bytes() == before

    assert main([*command, "--apply"]) == 1  # the pair is still there
    assert "The own tolerances of 2 students were changed.\n" in capsys.readouterr().out
    assert Gallery.load(file).students == {
        "one": Enrolled(courses=("x",), tolerance=0.4),
        "two": Enrolled(tolerance=0.4),
    }
    assert main([*command, "--allow-alike", "one", "two"]) == 0
    assert "now none" not in capsys.readouterr().out


def test_many_of_a_kind_are_counted_and_named_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = np.random.default_rng(3)
    faces = chance.normal(0, 1, (30, 128)).astype(np.float32)
    ids = tuple(f"s{number:02}" for number in range(30))
    Gallery(student_ids=ids, encodings=faces).save(tmp_path / "g.npz")
    command = ["audit", "--gallery", str(tmp_path / "g.npz")]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "two or three of different days are better): 30\n" in said
    assert "  and 10 more: --all names them\n" in said
    assert "s29" not in said
    assert main([*command, "--all"]) == 0
    assert "s29" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (("--gallery", "missing.npz"), "missing.npz: No such file or directory"),
        (("--gallery", "."), ". is a folder: name the gallery file in it"),
        (("--gallery", "g.npz", "--tolerance", "2"), "argument --tolerance"),
        (("--gallery", "g.npz", "--allow-alike", "a", "x"), "student x is neither listed nor"),
        ((), "one of the arguments --stack --gallery is required"),
    ],
)
def test_what_it_cannot_do_is_status_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    gallery(("a", A1)).save(Path("g.npz"))
    try:
        status = main(["audit", *more])
    except SystemExit as ended:
        status = int(str(ended.code))
    assert status == 2
    assert problem in capsys.readouterr().err


@pytest.mark.skipif(not CLIPS, reason="LAMBDALENS_CLIPS names no folder of real portraits")
def test_a_real_gallery_is_clean_and_planted_faults_are_all_caught() -> None:
    people = _people()
    clean = audited(_of(people))
    assert not clean.wrong
    assert not clean.alike
    assert clean.is_supported
    several = [name for name, faces in people.items() if len(faces) > 2]
    assert len(several) >= 10
    for name, other in pairwise(several):
        swapped = {**people, name: [*people[name][1:], people[other][0]]}
        swapped[other] = [*people[other][1:], people[name][0]]
        wrong = {it.student_id for it in audited(_of(swapped)).wrong}
        assert wrong == {name, other}
        first, second, *rest = people[name]
        twins = {**people, name: [first, *rest], "twin": [second]}
        pairs = audited(_of(twins)).alike
        assert {(pair.first, pair.second) for pair in pairs} == {tuple(sorted((name, "twin")))}
        without = {each: faces for each, faces in people.items() if each != other}
        stranger = audited(_of({**without, name: [*people[name], people[other][0]]})).wrong
        assert [(it.student_id, it.name) for it in stranger] == [
            (name, f"portrait {len(people[name]) + 1}")
        ]


def _people() -> dict[str, list[np.ndarray]]:
    assert CLIPS
    people: dict[str, list[np.ndarray]] = {}
    with Path(CLIPS, "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["path"].startswith("portraits/") or row["role"] in {
                "picture-edge",
                "picture-multi",
            }:
                continue
            try:
                encoding = encode_portrait(Path(CLIPS, row["path"]))
            except PortraitRefusedError:
                continue
            people.setdefault(row["persons"], []).append(encoding)
    return people


def _of(people: Mapping[str, list[np.ndarray]]) -> Gallery:
    return Gallery(
        student_ids=tuple(name for name, faces in people.items() for _ in faces),
        encodings=np.stack([each for faces in people.values() for each in faces]),
    )


def test_what_teachers_ask_for_is_set_taken_back_and_not_set_where_it_is_of_no_use() -> None:
    some = gallery(*RIGHT)

    def asked(for_: Mapping[str, float]) -> Audit:
        return audit(some, tolerance=0.59, margin=0.05, today=TODAY, asked_for=for_)

    found = asked({"a": 0.47, "b": 0.31, "gone": 0.47, "c": 0.7})
    assert [tuple(each) for each in found.tolerances] == [("a", None, 0.47)]
    assert found.too_near == {"b": 0.31}
    assert found.has_work
    some = gallery(*RIGHT, students={"a": Enrolled(tolerance=0.47)})
    assert not asked({"a": 0.47}).tolerances
    assert [tuple(each) for each in asked({}).tolerances] == [("a", 0.47, None)]
