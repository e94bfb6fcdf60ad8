"""The examination of many pictures: on all cores, and none that was encoded before is again."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from enroll.portraits import Examined, PortraitRefusedError, examine, sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from enroll.crops import Crop, Crops, KeptCrop
    from enroll.portraits import Seen
    from function.recogniser.identity.gallery import Gallery

# Pictures under way for each thread: one that is worked on, and one that waits.
_UNDER_WAY = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Portrait:
    """A picture of a student, with the encoding of its face or the `problem` with it.

    `encoding` has the shape (128,), float32. `source` is the SHA-256 of the picture's file in
    hexadecimal. `seen` is not known of a picture that was encoded before, nor `crop` if none was
    asked for.
    """

    student_id: str
    path: Path
    source: str = ""
    encoding: NDArray[np.float32] | None = None
    problem: str = ""
    seen: Seen | None = None
    crop: KeptCrop | None = None


class Examination:
    """Pictures and whose they are, examined in order while one goes through them.

    Of those that are in `known` with the same student and the same content, the encoding is taken
    from there; where `crops` are to be kept, they are opened all the same. What is held in memory
    of a picture that is done is its encoding.
    """

    def __init__(
        self, owners: Mapping[Path, str], *, known: Gallery, crops: Crops | None = None
    ) -> None:
        self._owners, self._crops = owners, crops
        self._known = _encoded_before(known)

    def __len__(self) -> int:
        return len(self._owners)

    def __iter__(self) -> Iterator[Portrait]:
        owners = list(self._owners.items())
        # The first by itself: it loads the networks, which the others share.
        for path, student_id in owners[:1]:
            yield self._finished(self._examine(path, student_id))
        # The networks, the decoders of pictures and NumPy work outside of the interpreter's lock:
        # of the time of a portrait, a sixth is inside.
        threads = len(os.sched_getaffinity(0))
        with ThreadPoolExecutor(threads) as pool:
            yield from (
                self._finished(it)
                for it in _in_order(pool, self._examine, owners[1:], at_once=_UNDER_WAY * threads)
            )

    def _examine(self, path: Path, student_id: str) -> tuple[Portrait, Crop | None]:
        try:
            source = sha256_of(path)
        except PortraitRefusedError as error:
            return Portrait(student_id=student_id, path=path, problem=str(error)), None
        encoding = self._known.get((student_id, source))
        examined = (
            Examined(encoding=encoding)
            if encoding is not None and self._crops is None
            else examine(path, with_crop=self._crops is not None)
        )
        portrait = Portrait(
            student_id=student_id,
            path=path,
            source=source,
            encoding=examined.encoding if encoding is None else encoding,
            problem=examined.problem if encoding is None else "",
            seen=examined.seen,
        )
        return portrait, examined.crop

    def _finished(self, examined: tuple[Portrait, Crop | None]) -> Portrait:
        portrait, crop = examined
        if self._crops is None or crop is None:
            return portrait
        return replace(portrait, crop=self._crops.keep(crop))


def _encoded_before(known: Gallery) -> dict[tuple[str, str], NDArray[np.float32]]:
    return {
        (student_id, source): encoding
        for student_id, source, encoding in zip(
            known.student_ids, known.sources, known.encodings, strict=True
        )
        if source
    }


def _in_order(
    pool: ThreadPoolExecutor,
    examine: Callable[[Path, str], tuple[Portrait, Crop | None]],
    owners: Sequence[tuple[Path, str]],
    *,
    at_once: int,
) -> Iterator[tuple[Portrait, Crop | None]]:
    """Yield the results in order, with no more under way than `at_once`."""
    under_way: deque[Future[tuple[Portrait, Crop | None]]] = deque()
    try:
        for path, student_id in owners:
            if len(under_way) == at_once:
                yield under_way.popleft().result()
            under_way.append(pool.submit(examine, path, student_id))
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()
