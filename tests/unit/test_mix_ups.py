"""Whose picture it is: faults that are planted among real faces are found, and nobody else is hit.

The faces are dlib's encodings of the sample pictures: three of one person, one of each other.
"""

from __future__ import annotations

import csv
import hashlib
import math
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from enroll.likeness import UNLIKE, alike_within, resembling_within
from enroll.mix_ups import Verdict, numbered, verdicts
from enroll.neighbours import Link, links, neighbours
from enroll.portraits import PortraitRefusedError, encode_portrait
from function.recogniser.identity.gallery import Gallery
from samples.pictures import sample_picture

CLIPS = os.environ.get("LAMBDALENS_CLIPS")

A1, A2, A3 = "obama.jpg", "obama2.jpg", "obama3.jpg"
B, C, D = "biden.jpg", "astronaut.png", "grace_hopper.jpg"


@cache
def face(name: str) -> np.ndarray:
    return encode_portrait(sample_picture(name))


def gallery(*rows: tuple[str, str]) -> Gallery:
    """Return the gallery of these students and their pictures."""
    if not rows:
        return Gallery.empty()
    return Gallery(
        student_ids=tuple(student_id for student_id, _ in rows),
        encodings=np.stack([face(name) for _, name in rows]),
        sources=tuple(hashlib.sha256(name.encode()).hexdigest() for _, name in rows),
    )


def judged(
    *rows: tuple[str, str],
    known: tuple[tuple[str, str], ...] = (),
    alike: tuple[tuple[str, str], ...] = (),
) -> list[Verdict]:
    names = [name for _, name in rows]
    pairs = {frozenset(pair) for pair in alike}
    return verdicts(gallery(*rows), names, known=gallery(*known), alike=pairs)


def refused(*rows: tuple[str, str], **more: tuple[tuple[str, str], ...]) -> set[tuple[str, str]]:
    return {
        row for row, verdict in zip(rows, judged(*rows, **more), strict=True) if verdict.is_refused
    }


def test_what_is_right_is_left_alone() -> None:
    right = (("a", A1), ("a", A2), ("a", A3), ("b", B), ("c", C), ("d", D))
    assert [verdict.problem for verdict in judged(*right)] == [""] * 6


def test_a_picture_in_another_s_folder_goes_and_theirs_stay() -> None:
    rows = (("a", A1), ("a", A2), ("b", B), ("b", A3))
    assert refused(*rows) == {("b", A3)}
    problem = judged(*rows)[3].problem
    assert problem == (
        "looks like student a (distance 0.33), and unlike the student's others (0.87): put a "
        "picture of the right person in its place"
    )


def test_the_owner_of_one_picture_does_not_lose_it_to_a_folder_that_has_another() -> None:
    assert refused(("a", A1), ("b", B), ("b", A3)) == {("b", A3)}


def test_pictures_that_change_places_both_go() -> None:
    rows = (("a", A1), ("a", A2), ("a", B), ("c", C), ("c", A3), ("b", B))
    assert refused(*rows) == {("a", B), ("c", A3)}


def test_one_person_under_two_ids_is_named_with_both_and_the_remedy() -> None:
    assert refused(("a", A1), ("twin", A2)) == {("a", A1), ("twin", A2)}
    problem = judged(("a", A1), ("twin", A2))[0].problem
    assert "looks like student twin (distance 0.35): check whose it is" in problem
    assert problem.endswith("add --allow-alike a twin")


def test_whoever_has_more_pictures_stays() -> None:
    assert refused(("a", A1), ("a", A2), ("twin", A3)) == {("twin", A3)}


def test_those_who_are_said_to_look_alike_are_let_in() -> None:
    rows = (("a", A1), ("twin", A2), ("b", B))
    assert refused(*rows, alike=(("twin", "a"),)) == set()
    assert refused(*rows, alike=(("b", "a"),)) == {("a", A1), ("twin", A2)}


def test_what_is_known_already_is_compared_and_stays() -> None:
    (verdict,) = judged(("new", A2), known=(("a", A1), ("b", B)))
    assert verdict.is_refused
    assert "looks like student a" in verdict.problem
    assert verdict.problem.endswith("if what is enrolled of a is wrong, forget a first")
    # The folders of two who are known have changed places.
    assert refused(("a", B), ("b", A2), known=(("a", A1), ("b", B))) == {("a", B), ("b", A2)}


def test_what_is_known_of_a_student_vouches_but_does_not_condemn() -> None:
    rows = (("a", A2), ("a", D))
    assert refused(*rows) == {("a", A2), ("a", D)}
    assert refused(*rows, known=(("a", A1),)) == {("a", D)}
    (verdict,) = judged(("a", A1), known=(("a", C),))
    assert not verdict.is_refused
    assert "looks unlike what is enrolled of the student (distance 0.85)" in verdict.problem


def test_the_same_picture_does_not_vouch_for_itself() -> None:
    rows = (("a", A2), ("a", D))
    assert refused(*rows, known=rows) == {("a", A2), ("a", D)}
    assert refused(("new", A2), ("new", A2), known=(("a", A1),)) == {("new", A2)}


def test_a_stranger_among_a_students_portraits_goes() -> None:
    rows = (("a", A1), ("a", A2), ("a", D))
    assert refused(*rows) == {("a", D)}
    assert "looks unlike the student's others (distance 0.82)" in judged(*rows)[2].problem


def test_of_two_that_disagree_both_are_named() -> None:
    one, other = judged(("c", C), ("c", B))
    assert one.is_refused
    assert other.is_refused
    assert "does not look like the same person as biden.jpg (distance 0.83)" in one.problem
    assert "as astronaut.png" in other.problem


def test_of_two_and_two_neither_is_taken() -> None:
    rows = (("x", A1), ("x", A2), ("x", D), ("x", D))
    assert refused(*rows) == set(rows)


def test_rows_are_numbered_student_by_student() -> None:
    assert numbered(gallery(("a", A1), ("b", B), ("a", A2)), "portrait") == [
        "portrait 1",
        "portrait 1",
        "portrait 2",
    ]


def test_nobody_is_judged() -> None:
    assert judged() == []
    assert judged(known=(("a", A1),)) == []


def test_the_more_there_are_the_nearer_two_have_to_be() -> None:
    assert alike_within(1) == alike_within(100) == 0.50
    assert alike_within(30_000) == pytest.approx(0.40, abs=0.02)
    for portraits in (1, 100, 10_000, 1_000_000):
        assert alike_within(portraits) <= resembling_within(portraits) < UNLIKE


@pytest.mark.parametrize("at_once", [7, 100, 2_000_000])
def test_blocks_find_what_a_plain_comparison_finds(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("enroll.neighbours._AT_ONCE", at_once)
    chance = np.random.default_rng(0)
    ids = tuple(f"s{number}" for number in chance.integers(0, 8, 40))
    faces = chance.normal(0, 0.05, (40, 128)).astype(np.float32)
    some = Gallery(student_ids=ids, encodings=faces)
    plain = np.linalg.norm(faces[:, None].astype(np.float64) - faces, axis=2)
    different = np.array(ids)[:, None] != np.array(ids)
    within = float(np.median(plain))
    expected = {(row, other) for row, other in np.argwhere(different & (plain <= within)).tolist()}
    found = neighbours(some, within)
    for of_links in (found.links, links(some, some, within)):
        assert {(link.row, link.other) for link in of_links} == expected
        assert len(of_links) == len(expected)
        assert all(link.distance == pytest.approx(plain[link.row, link.other]) for link in of_links)
    students = sorted(set(ids))
    to_student = np.array(
        [[plain[row, np.array(ids) == each].min() for each in students] for row in range(40)]
    )
    to_student[np.arange(40), [students.index(each) for each in ids]] = math.inf
    two = np.sort(to_student, axis=1)[:, :2]
    assert found.distances == pytest.approx(two[:, 0], abs=1e-5)
    assert found.margins == pytest.approx(two[:, 1] - two[:, 0], abs=1e-5)


def test_one_student_has_no_neighbour() -> None:
    found = neighbours(gallery(("a", A1), ("a", A2)), 1.0)
    assert found.links == list[Link]()
    assert np.isinf(found.distances).all()
    assert np.isinf(found.margins).all()


@pytest.mark.skipif(not CLIPS, reason="LAMBDALENS_CLIPS names no folder of real portraits")
def test_of_real_people_s_portraits_next_to_none_is_refused_and_all_planted_ones_are() -> None:
    assert CLIPS
    with Path(CLIPS, "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["path"].startswith("portraits/")
            and row["role"] not in {"picture-edge", "picture-multi"}
        ]
    ids, faces, bad = [], [], []
    for row in rows:
        try:
            faces.append(encode_portrait(Path(CLIPS, row["path"])))
        except PortraitRefusedError as error:
            bad.append((row["path"], str(error)))
        else:
            ids.append(row["persons"])
    assert len(bad) <= len(rows) // 50, bad  # 2 of 130: one with three faces, one half in profile
    right = _judged(ids, faces)
    assert [verdict for verdict in right if verdict.is_refused] == []
    planted = 0
    for place, student_id in enumerate(ids):
        if ids.count(student_id) < 2 or ids.index(student_id) == place:
            continue
        # This picture goes into the folder of the next student who has two.
        other = next(it for it in (*ids[place:], *ids) if ids.count(it) > 1 and it != student_id)
        moved = [*ids]
        moved[place] = other
        verdicts_ = _judged(moved, faces)
        assert verdicts_[place].is_refused, rows[place]["path"]
        wrongly = [it for at, it in enumerate(verdicts_) if it.is_refused and at != place]
        assert wrongly == []
        planted += 1
    assert planted > 50


def _judged(ids: list[str], faces: list[np.ndarray]) -> list[Verdict]:
    some = Gallery(student_ids=tuple(ids), encodings=np.stack(faces))
    return verdicts(some, numbered(some, "portrait"), known=Gallery.empty())
