"""An encodings file is read, and nothing in it is ever executed."""

from __future__ import annotations

import io
import os
import pickle
from collections import OrderedDict
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest

from enroll.encodings_file import EncodingsFileError, read_encodings_file
from enroll.known_names import AmbiguousNameError, join_names
from function.students import Student

if TYPE_CHECKING:
    from pathlib import Path

_ENCODINGS = [np.full(128, 0.25), np.linspace(-1, 1, 128)]
_CONTENT = {"name": ["ada", "alan"], "encoding": _ENCODINGS}


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "encoding"
    path.write_bytes(content)
    return path


PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_names_and_encodings_are_read(tmp_path: Path, protocol: int) -> None:
    names, encodings = read_encodings_file(_file(tmp_path, pickle.dumps(_CONTENT, protocol)))
    assert names == ["ada", "alan"]
    assert encodings.dtype == np.float32
    assert np.allclose(encodings, _ENCODINGS)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("code", ["<f8", ">f8", "<f4", ">f4", "<f2", "<i8", ">i4", "|i1", "|u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_one_array_of_all_encodings_is_read(
    tmp_path: Path, protocol: int, code: str, order: Literal["C", "F"]
) -> None:
    numbers = (np.arange(256).reshape(2, 128) % 128).astype(code, order=order)
    content = {"name": np.array(["ada", "al\u00e4n"]), "encoding": numbers}
    names, encodings = read_encodings_file(_file(tmp_path, pickle.dumps(content, protocol)))
    assert names == ["ada", "al\u00e4n"]
    assert np.array_equal(encodings, numbers.astype(np.float32))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("code", ["<f8", ">f4"])
def test_names_and_numbers_of_numpy_are_read(tmp_path: Path, protocol: int, code: str) -> None:
    content = {
        "name": [np.str_("ada"), np.array(["al\u00e4n"], ">U9")[0]],
        "encoding": [list(row.astype(code)) for row in _ENCODINGS],
    }
    names, encodings = read_encodings_file(_file(tmp_path, pickle.dumps(content, protocol)))
    assert names == ["ada", "al\u00e4n"]
    assert np.allclose(encodings, _ENCODINGS)


@pytest.mark.parametrize("protocol", range(4))
@pytest.mark.parametrize("encoding", [_ENCODINGS[1], list(_ENCODINGS[1])])
def test_what_numpy_1_wrote_is_read(tmp_path: Path, protocol: int, encoding: object) -> None:
    now = pickle.dumps({"name": ["ada"], "encoding": [encoding]}, protocol)
    before = now.replace(b"cnumpy._core.", b"cnumpy.core.")
    assert before != now
    _, encodings = read_encodings_file(_file(tmp_path, before))
    assert np.allclose(encodings, [_ENCODINGS[1]])


def test_what_python_2_wrote_is_read(tmp_path: Path) -> None:
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\x01btR(K\x01(K\x80t"
        b"cnumpy\ndtype\n(U\x02f8K\0K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
        b"I00\nT\0\4\0\0" + _ENCODINGS[1].tobytes() + b"tb"
    )
    pickled = b"\x80\2}(U\4name(U\4ad\xc3\xa4lU\x08encoding(" + array + b"lu."
    names, encodings = read_encodings_file(_file(tmp_path, pickled))
    assert names == ["ad\u00e4"]
    assert np.allclose(encodings, [_ENCODINGS[1]])


@pytest.mark.parametrize(
    "encoding",
    [
        pytest.param(list(_ENCODINGS[1]), id="list of NumPy numbers"),
        pytest.param(_ENCODINGS[1].tolist(), id="list of numbers"),
        pytest.param(_ENCODINGS[1].astype(np.float32), id="float32"),
        pytest.param(_ENCODINGS[1].astype(">f8"), id="another byte order"),
    ],
)
def test_other_forms_of_128_numbers_are_read(tmp_path: Path, encoding: object) -> None:
    content = {"name": ["ada"], "encoding": [encoding]}
    _, encodings = read_encodings_file(_file(tmp_path, pickle.dumps(content)))
    assert np.allclose(encodings, [_ENCODINGS[1]])


_ADA, _ALAN = _ENCODINGS

_FORMS = {
    "name: encoding": {"ada": _ADA, "alan": _ALAN},
    "name: list of encodings": {"ada": [_ADA], "alan": [_ALAN, _ADA]},
    "name: array of encodings": {"ada": _ADA, "alan": np.stack([_ALAN, _ADA])},
    "name: numbers": {"ada": _ADA.tolist(), "alan": [tuple(_ALAN.tolist()), list(_ADA)]},
    "name of NumPy's: encoding": {np.str_("ada"): _ADA, "alan": (_ALAN,)},
    "names and encodings": {"encodings": _ENCODINGS, "names": ["ada", "alan"]},
    "as the examples call them": {
        "known_face_encodings": _ENCODINGS,
        "known_face_names": ["ada", "alan"],
    },
    "one name, one encoding": {"name": "ada", "encoding": _ADA},
    "one name, several encodings": {"name": "ada", "encoding": _ENCODINGS},
    "tuple of encodings and names": (_ENCODINGS, ["ada", "alan"]),
    "list of names and encodings": [["ada", "alan"], _ENCODINGS],
    "tuple of arrays": (np.array(["ada", "alan"]), np.stack(_ENCODINGS)),
    "tuple of tuples": (("ada", "alan"), tuple(_ENCODINGS)),
    "pairs": [("ada", _ADA), ("alan", _ALAN)],
    "pairs as lists": [["ada", _ADA.tolist()], ["alan", _ALAN.tolist()], ["ada", _ALAN]],
    "tuple of pairs": (("ada", [_ADA, _ALAN]), ("alan", _ALAN), ("ada", _ADA)),
    "one pair": [("ada", _ADA)],
    "list of dictionaries": [
        {"name": "ada", "encoding": _ADA},
        {"name": "al", "encodings": [_ADA]},
    ],
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("form", _FORMS)
def test_every_form_that_people_keep_is_read(tmp_path: Path, form: str, protocol: int) -> None:
    content = pickle.dumps(_FORMS[form], protocol)
    names, encodings = read_encodings_file(_file(tmp_path, content))
    expected = {
        "name: list of encodings": "ada alan alan",
        "name: array of encodings": "ada alan alan",
        "name: numbers": "ada alan alan",
        "one name, one encoding": "ada",
        "one name, several encodings": "ada ada",
        "pairs as lists": "ada alan ada",
        "tuple of pairs": "ada ada alan ada",
        "one pair": "ada",
        "list of dictionaries": "ada al",
    }.get(form, "ada alan")
    assert names == expected.split()
    assert encodings.shape == (len(names), 128)
    assert np.allclose(encodings[0], _ADA)
    if "alan" in names:
        assert np.allclose(encodings[names.index("alan")], _ALAN)


def test_names_are_composed_and_without_blanks(tmp_path: Path) -> None:
    content = {"Zoe\u0308 ": _ADA, "Zo\u00eb": _ALAN}
    names, _ = read_encodings_file(_file(tmp_path, pickle.dumps(content)))
    assert names == ["Zo\u00eb", "Zo\u00eb"]


def test_a_list_that_is_there_many_times_does_not_fill_the_memory(tmp_path: Path) -> None:
    many = [_ADA] * 40_000
    content = pickle.dumps({f"{number}": many for number in range(30_000)})
    with pytest.raises(EncodingsFileError, match="more than 50,000 encodings"):
        read_encodings_file(_file(tmp_path, content))


def test_an_array_of_nothing_that_says_it_is_long_is_refused(tmp_path: Path) -> None:
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\x01btR(K\x01(%bK%ct"
        b"cnumpy\ndtype\n(U\x02f8K\0K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
        b"I00\nU\0tb"
    )
    for length, width in ((b"J\xff\xff\xff\x7f", b"\0"), (b"I" + b"9" * 4000 + b"\n", b"\x80")):
        pickled = b"\x80\2}(U\3ada" + array % (length, width) + b"u."
        with pytest.raises(EncodingsFileError):
            read_encodings_file(_file(tmp_path, pickled))


class _Calls:
    """Pickles to a call of any function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self._call


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_call_of_any_other_function_is_refused_and_not_made(
    tmp_path: Path, protocol: int
) -> None:
    trace = tmp_path / "executed"
    attack = {"name": [], "encoding": [], "more": _Calls(os.mkdir, str(trace))}
    with pytest.raises(EncodingsFileError, match=r"mkdir, which no file of encodings needs"):
        read_encodings_file(_file(tmp_path, pickle.dumps(attack, protocol)))
    assert not trace.exists()


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(b"cos\nsystem\n(S'true'\ntR.", id="os.system"),
        pytest.param(b"(S'true'\nios\nsystem\n.", id="INST opcode"),
        pytest.param(b"c__builtin__\neval\n(S'1'\ntR.", id="eval by its Python 2 name"),
        pytest.param(b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.", id="STACK_GLOBAL"),
        pytest.param(b"\x80\x04\x8c\x05numpy\x8c\x10core.os.system.x\x93.", id="dotted name"),
        pytest.param(b"cnumpy\nload\n(S'/dev/null'\ntR.", id="another function of NumPy"),
        pytest.param(b"cnumpy\nndarray.tofile\n.", id="attribute of an admitted class"),
        pytest.param(b"\x82\x01.", id="extension registry"),
        pytest.param(b"Pid\n.", id="persistent id"),
        pytest.param(b"cnumpy\nndarray\n(S'shape'\nI1\ndb.", id="state set on a class"),
        pytest.param(pickle.dumps(OrderedDict(_CONTENT)), id="a harmless class"),
    ],
)
def test_attacks_are_refused(tmp_path: Path, attack: bytes) -> None:
    with pytest.raises(EncodingsFileError):
        read_encodings_file(_file(tmp_path, attack))


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = pickle.dumps(_CONTENT)
    for length in range(0, len(whole) - 1, 7):
        with pytest.raises(EncodingsFileError, match="get it again"):
            read_encodings_file(_file(tmp_path, whole[:length]))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([], "none of the forms of names and encodings that are known: make it as"),
        (7, "none of the forms"),
        ({}, "none of the forms"),
        ([["ada"]], "none of the forms"),
        ([("ada", _ENCODINGS[0]), 7], "none of the forms"),
        ({"ada": _ENCODINGS[0], "alan": []}, "a name in it has no encoding, after 1 that have"),
        ({"ada": np.zeros((2, 127))}, r"encoding 0 is not 128 numbers \(its shape is \(2, 127\)"),
        ({"ada": [[["a"]]]}, "encoding 0 is not 128 numbers"),
        ({"ada": "alan"}, "encoding 0 is not 128 numbers"),
        ({"": _ENCODINGS[0]}, "its names are not a list of texts: give every"),
        ({" ": _ENCODINGS[0]}, "its names are not a list of texts"),
        ({"ada": [_ENCODINGS[0].tolist()] * 50_001}, "more than 50,000 encodings: import it"),
        ({"name": ["ada"]}, "none of the forms"),
        ({"name": ["ada", 7], "encoding": _ENCODINGS}, "its names are not a list of texts"),
        ({"name": ["ada", ""], "encoding": _ENCODINGS}, "its names are not a list of texts"),
        ({"name": ["ada"], "encoding": _ENCODINGS}, "are not a list as long as the 1 names"),
        ({"name": ["ada"], "encoding": 7}, "not a list as long"),
        ({"name": ["ada"], "encoding": [np.zeros(127)]}, r"encoding 0 is not 128 numbers"),
        ({"name": ["ada"], "encoding": [np.zeros((1, 128))]}, r"its shape is \(1, 128\)"),
        ({"name": ["ada"], "encoding": [np.full(128, np.nan)]}, "encoding 0 is not 128 numbers"),
        ({"name": ["ada"], "encoding": [["a"] * 128]}, "encoding 0 is not a list of numbers"),
        ({"name": ["ada"], "encoding": [None]}, "encoding 0 is not"),
        ({"name": ["ada"], "encoding": [[10**400] * 128]}, "encoding 0 is not a list of numbers"),
        ({"name": ["ada"], "encoding": [[1e300] * 128]}, "some are infinite"),
        ({"name": ["ada"], "encoding": [np.full(128, 1e300)]}, "some are infinite"),
        ({"name": ["ada"], "encoding": [np.array(["a"] * 128)]}, "array of numbers in it is not"),
        ({"name": ["\ud800"], "encoding": _ENCODINGS[:1]}, "its names are not a list of texts"),
        ({"name": np.zeros(1), "encoding": _ENCODINGS[:1]}, "its names are not a list of texts"),
        ({"name": ["ada"] * 50_001, "encoding": []}, "50,001 names, and 50,000 fit"),
        ({1: 2}, "other keys than texts"),
        ({"name": ["ada"], "encoding": [np.zeros((1, 1, 128))]}, "has 3 dimensions"),
        ({"name": ["ada"], "encoding": [np.array([None] * 128)]}, "elements of the type 'O8'"),
    ],
)
def test_other_content_is_refused_with_the_problem(
    tmp_path: Path, content: object, problem: str
) -> None:
    path = _file(tmp_path, pickle.dumps(content))
    with pytest.raises(EncodingsFileError, match=problem) as raised:
        read_encodings_file(path)
    assert str(raised.value).startswith(str(path))


def _student(student_id: str, name: str) -> Student:
    return Student(student_id=student_id, name=name, major="maths", year="senior")


def test_names_become_the_ids_of_the_students_of_that_name_and_others_are_left_out() -> None:
    encodings = np.stack([np.zeros(128, np.float32), np.ones(128, np.float32)])
    named = join_names(["alan", "ada"], encodings, [_student("1", "ada")])
    assert named.rows.student_ids == ("1",)
    assert np.array_equal(named.rows.encodings, encodings[1:])
    assert named.not_listed == ("alan",)


def test_a_name_of_several_students_is_refused() -> None:
    students = [
        _student("1", "ada"),
        _student("2", "ada"),
        _student("3", "al"),
        _student("4", "al"),
    ]
    with pytest.raises(AmbiguousNameError, match="called ada: give them different names"):
        join_names(["ada"], np.ones((1, 128), np.float32), students)


def test_the_refused_class_is_really_dangerous_elsewhere(tmp_path: Path) -> None:
    # Holds the tests above to account: the plain unpickler does make the call.
    trace = tmp_path / "executed"
    pickle.load(io.BytesIO(pickle.dumps(_Calls(os.mkdir, str(trace)))))  # noqa: S301 - the point
    assert trace.exists()
