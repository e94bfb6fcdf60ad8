"""The forms in which people keep known faces, brought into one: names and encodings in parallel.

face_recognition has no file of its own, so everybody pickles what they have at hand: two lists, in
a dictionary, a pair or one in the other; or a dictionary of people. Nothing is copied here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enroll.pickled_arrays import Array, Scalar
from function.recogniser.faces.encoding import ENCODING_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_PORTRAITS = 50_000  # as many as fit into 64 MB, a kilobyte of numbers each

SPLIT = "import it in parts, each with fewer portraits"

# What the lists are called in dictionaries.
_NAMES = ("name", "names", "known_face_names", "known_names")
_ENCODINGS = ("encoding", "encodings", "known_face_encodings", "known_encodings")


class EncodingsFileError(ValueError):
    """The file is not an encodings file; the message says what is wrong with it."""


def in_parallel(content: object) -> tuple[object, object]:
    """Return the names and the encodings, each as a list or array of whatever is in it.

    It is `{name: encoding}`, `{name: [encoding, ...]}`, `{"names": [...], "encodings": [...]}`
    (or in the singular), these two lists in either order, or a list of pairs or of dictionaries
    with one name each. A name that has several encodings is there several times. Raises
    EncodingsFileError.
    """
    match content:
        case dict() if lists := _lists(content):
            names, encodings = lists
            return _by_person([lists]) if _is_text(names) else (names, encodings)
        case dict() if content and not content.keys() & {*_NAMES, *_ENCODINGS}:
            return _by_person(content.items())
        case (names, encodings) if _are_texts(names) and not _is_text(encodings):
            return names, encodings
        case (encodings, names) if _are_texts(names):
            return names, encodings
        case [_, *_]:
            return _by_person(map(_pair, content))
    raise _no_known_form()


def _lists(content: Mapping[str, object]) -> tuple[object, object] | None:
    names = next((content[key] for key in _NAMES if key in content), None)
    encodings = next((content[key] for key in _ENCODINGS if key in content), None)
    return None if names is None or encodings is None else (names, encodings)


def _pair(entry: object) -> tuple[object, object]:
    """Return the name and the encodings of one entry of a list of people."""
    match entry:
        case dict() if lists := _lists(entry):
            return lists
        case (name, encodings) if _is_text(name):
            return name, encodings
        case _:
            raise _no_known_form()


def _by_person(people: Iterable[tuple[object, object]]) -> tuple[list[object], list[object]]:
    """Return what each person has, one after the other."""
    names: list[object] = []
    encodings: list[object] = []
    for name, of_person in people:
        # Of any size, since one list may be there many times.
        count = _count(of_person, place=len(names))
        if len(names) + count > MAX_PORTRAITS:
            raise EncodingsFileError(f"it has more than {MAX_PORTRAITS:,} encodings: {SPLIT}")
        names += [name] * count
        encodings += _each(of_person) if _are_several(of_person) else [of_person]
    return names, encodings


def _count(of_person: object, *, place: int) -> int:
    if not _are_several(of_person):
        return 1
    if isinstance(of_person, Array):
        rows, *columns = of_person.shape or ()
        if columns != [ENCODING_LENGTH]:
            raise not_an_encoding(place, f"its shape is {of_person.shape}")
    else:
        assert isinstance(of_person, list | tuple)  # noqa: S101 - no other is several
        rows = len(of_person)
    if not rows:
        raise EncodingsFileError(
            f"a name in it has no encoding, after {place} that have: leave the name out, or give "
            "it one"
        )
    return rows


def _each(of_person: object) -> Sequence[object]:
    if isinstance(of_person, Array):
        return list(of_person.numbers())
    assert isinstance(of_person, list | tuple)  # noqa: S101 - no other is several
    return of_person


def _are_several(of_person: object) -> bool:
    """Tell several encodings from one, which is numbers."""
    if isinstance(of_person, Array):
        return len(of_person.shape or ()) > 1
    if not isinstance(of_person, list | tuple):
        return False
    return not of_person or not isinstance(of_person[0], int | float | Scalar)


def _is_text(value: object) -> bool:
    return isinstance(value, str | bytes) or (isinstance(value, Scalar) and value.is_text)


def _are_texts(values: object) -> bool:
    if isinstance(values, Array):
        return values.has_texts
    return isinstance(values, list | tuple) and bool(values) and all(map(_is_text, values))


def not_texts() -> EncodingsFileError:
    """Return the refusal of names that are none."""
    return EncodingsFileError(
        "its names are not a list of texts: give every encoding the name of its student"
    )


def not_an_encoding(index: int, problem: str) -> EncodingsFileError:
    """Return the refusal of an encoding that is none."""
    return EncodingsFileError(
        f"encoding {index} is not {ENCODING_LENGTH} numbers ({problem}): make it with "
        "face_recognition.face_encodings"
    )


def _no_known_form() -> EncodingsFileError:
    return EncodingsFileError(
        "it is none of the forms of names and encodings that are known: make it as "
        '{name: [encoding, ...], ...} or {"names": [...], "encodings": [...]}'
    )
