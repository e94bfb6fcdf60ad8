"""All that a stack holds about one student, for the student who asks for it."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from enroll.deployed import load_gallery
from enroll.earlier_galleries import earlier_galleries
from enroll.held_looks import held_looks
from enroll.held_results import held_results
from enroll.records import records_of
from enroll.result_kinds import video_of
from function.composed_text import composed

if TYPE_CHECKING:
    from collections.abc import Callable

    from enroll.earlier_galleries import EarlierGallery
    from enroll.held_looks import HeldLooks
    from enroll.held_results import HeldResult
    from function.recogniser.identity.attendance import Look
    from function.recogniser.identity.gallery import Gallery
    from stacks.outputs import Deployment


def personal_data(
    stack: Deployment, student_id: str, looked_at: Callable[[], None] = lambda: None
) -> dict[str, Any] | None:
    """Return all that is held about the student, in values that JSON has, or None for nothing.

    Encodings are lists of 128 numbers. `looked_at` is called after every result. Raises
    GalleryError or a botocore exception.
    """
    gallery = load_gallery(stack)
    data = {
        "records": records_of(stack, student_id),
        "gallery": _in_gallery(gallery, student_id),
        "earlier_galleries": [
            _in_earlier_gallery(earlier, student_id)
            for earlier in earlier_galleries(stack)
            if earlier.may_hold([student_id])
        ],
        "ranges_of_long_videos": [
            _in_range(held, student_id) for held in held_looks(stack, {student_id})
        ],
        "results": [_in_result(held) for held in held_results(stack, {student_id}, looked_at)],
    }
    if not any(data.values()):
        return None
    return {"student_id": student_id, "exported": _iso(datetime.now(UTC)), **data}


def _in_gallery(gallery: Gallery, student_id: str) -> dict[str, Any] | None:
    rows = [row for row, known in enumerate(gallery.student_ids) if known == student_id]
    if not rows:
        return None
    known = gallery.student(student_id)
    return {
        "courses": list(known.courses),
        "consent": known.consent.isoformat() if known.consent else None,
        "until": known.until.isoformat() if known.until else None,
        "tolerance": known.tolerance,
        "portraits": [
            {
                "enrolled": gallery.enrolled[row] or None,
                "sha256": gallery.sources[row] or None,
                "encoding": gallery.encodings[row].tolist(),
            }
            for row in rows
        ],
    }


def _in_earlier_gallery(earlier: EarlierGallery, student_id: str) -> dict[str, Any]:
    """Describe what is in a version; of one that can't be read, that it may be in it."""
    return {
        "version": earlier.version.version_id,
        "written": _iso(earlier.version.written),
        "readable": earlier.gallery is not None,
        **((earlier.gallery and _in_gallery(earlier.gallery, student_id)) or {}),
    }


def _in_range(held: HeldLooks, student_id: str) -> dict[str, Any]:
    """Describe what was seen of a student; of what can't be read, that it may be of any."""
    looks = held.looks
    told = {"key": held.key, "written": _iso(held.written), "readable": looks is not None}
    if looks is None:
        return told
    return {
        **told,
        "span": looks.span.as_json(),
        "looks": [
            _look(look) for look in looks.looks if composed(look.match.student_id) == student_id
        ],
        "faces": [
            {"is_clear": face.is_clear, "moments": [list(it) for it in sorted(face.moments)]}
            for face in looks.faces_seen
            if student_id in map(composed, face.claims)
        ],
    }


def _look(look: Look) -> dict[str, Any]:
    return {
        "distance": look.match.distance,
        # Where there is no other student, or no limit, JSON has no number for it.
        "margin": _finite(look.match.margin),
        "own_tolerance": _finite(look.match.own_tolerance),
        "quality": asdict(look.quality),
        "place": look.place._asdict(),
        "track": look.track,
        "times": look.times,
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _in_result(held: HeldResult) -> dict[str, Any]:
    return {
        "key": held.version.key,
        "video": video_of(held.version.key),
        "version": held.version.version_id,
        "written": _iso(held.version.written),
        "is_latest": held.version.is_latest,
        # Of a file of unknown form that mentions the student, to be looked at by a person.
        "entries": [dict(entry.fields) for entry in held.entries],
    }


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
