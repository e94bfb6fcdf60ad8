"""What was found in a span of a video, in a form that can be kept until all spans were looked at.

Looks that say nothing of any student are not kept, only how many faces there were at a time that
are nobody's: nothing of a stranger is written down. What is kept concludes to the same as all of
it would.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from function.recogniser.faces.location import Box
from function.recogniser.faces.quality import Quality
from function.recogniser.identity.attendance import Look
from function.recogniser.identity.gallery import Match
from function.recogniser.identity.strangers import SeenFace, at_once, seen_faces
from function.recogniser.video.plan import Span
from function.recogniser.video.reading import Mark, Reading
from function.recogniser.video.reading import Span as Stretch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function.recogniser.identity.strangers import Moment
    from function.recogniser.looking import Finding

FORM = "lambdalens-looks 2"
"""Changed with the form, and with where spans begin: what has another is not read."""

_QUALITY = ("height", "score", "tilt", "sharpness", "brightness")


class LooksError(Exception):
    """The content is not the looks of a span in the form of this version."""


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What was found in one span, and how far it could be read.

    `looks` are those that say something of a student, `faces_seen` the faces that these are at, and
    `nobodys` how many other faces that were seen well there were at each moment. `frames` were
    sampled, and in them `faces` found. What was read is in `reading`.
    """

    span: Span
    looks: tuple[Look, ...]
    faces_seen: tuple[SeenFace, ...]
    nobodys: Counter[Moment]
    frames: int
    faces: int
    reading: Reading = field(compare=False)

    @classmethod
    def of(
        cls, span: Span, findings: Sequence[Finding], reading: Reading, *, tolerance: float
    ) -> Self:
        """Return what is kept of the findings."""
        looks = [look for finding in findings for look in finding.looks]
        seen = seen_faces(looks, tolerance=tolerance)
        return cls(
            span=span,
            looks=tuple(look for look in looks if not look.is_nobodys(tolerance)),
            faces_seen=tuple(face for face in seen if face.claims),
            nobodys=at_once(face for face in seen if not face.claims),
            frames=len({(finding.track, finding.time) for finding in findings}),
            faces=sum(finding.faces for finding in findings),
            reading=reading,
        )

    def as_bytes(self) -> bytes:
        """Return the JSON that `from_bytes` reads."""
        reading = self.reading
        stored = {
            "form": FORM,
            "span": self.span.as_json(),
            "looks": [_stored_look(look) for look in self.looks],
            "faces_seen": [
                {
                    "claims": sorted(face.claims),
                    "is_clear": face.is_clear,
                    "moments": sorted(face.moments),
                }
                for face in self.faces_seen
            ],
            "nobodys": sorted((*moment, count) for moment, count in self.nobodys.items()),
            "frames": self.frames,
            "faces": self.faces,
            "seconds": reading.seconds,
            "unread": reading.unread,
            "begins": reading.begins,
            "ends": reading.ends,
        }
        return json.dumps(stored, allow_nan=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return what `as_bytes` has written.

        Raises:
            LooksError: it is anything else.

        """
        try:
            stored = json.loads(content)
            form = stored["form"]
            if form != FORM:
                raise LooksError("the looks have the form of another version")
            return cls(
                span=Span.from_json(stored["span"]),
                looks=tuple(_look(it) for it in stored["looks"]),
                faces_seen=tuple(
                    SeenFace(
                        claims=frozenset(it["claims"]),
                        is_clear=bool(it["is_clear"]),
                        moments=frozenset((int(track), float(at)) for track, at in it["moments"]),
                    )
                    for it in stored["faces_seen"]
                ),
                nobodys=Counter(
                    {(int(track), float(at)): int(n) for track, at, n in stored["nobodys"]}
                ),
                frames=int(stored["frames"]),
                faces=int(stored["faces"]),
                reading=Reading(
                    seconds=float(stored["seconds"]),
                    unread=[Stretch(*map(float, it)) for it in stored["unread"]],
                    begins=[_mark(it) for it in stored["begins"]],
                    ends=[_mark(it) for it in stored["ends"]],
                ),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise LooksError("the content is not the looks of a span") from error


def _stored_look(look: Look) -> dict[str, Any]:
    match = look.match
    return {
        "student_id": match.student_id,
        "distance": float(match.distance),
        # Where there is no other student, or no limit, JSON has no number for it.
        "margin": float(match.margin) if math.isfinite(match.margin) else None,
        "own_tolerance": match.own_tolerance if math.isfinite(match.own_tolerance) else None,
        "quality": [float(getattr(look.quality, name)) for name in _QUALITY],
        "place": [float(it) for it in look.place],
        "face": look.face,
        "track": look.track,
        "times": look.times,
    }


def _look(stored: dict[str, Any]) -> Look:
    margin, own = stored["margin"], stored["own_tolerance"]
    return Look(
        match=Match(
            student_id=str(stored["student_id"]),
            distance=float(stored["distance"]),
            margin=math.inf if margin is None else float(margin),
            own_tolerance=math.inf if own is None else float(own),
        ),
        quality=Quality(**dict(zip(_QUALITY, map(float, stored["quality"]), strict=True))),
        place=Box(*map(float, stored["place"])),
        face=int(stored["face"]),
        track=int(stored["track"]),
        times=[float(it) for it in stored["times"]],
    )


def _mark(stored: Sequence[float] | None) -> Mark | None:
    if stored is None:
        return None
    seconds, position = stored
    return Mark(float(seconds), int(position))
