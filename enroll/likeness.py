"""How alike two faces are before they are taken for one person's, and how unlike for two.

The constants are measured on 129 portraits of 61 people; docs/recognition.md has the table.
Distances are Euclidean, between dlib's encodings.
"""

from __future__ import annotations

from statistics import NormalDist

from function.recogniser.options import RecognitionOptions

UNLIKE = 0.65
"""Two faces farther apart than this are two people's. None of 191 pairs of portraits of one person
are, and 99 of 100 pairs of different people's."""

UNSURE = RecognitionOptions().tolerance
"""Two faces farther apart than this are seldom one person's (3 of 100 pairs): it is said."""

# Two faces this near are one person's, however few are compared: so are 87 of 100 pairs of one
# person's portraits, and none of 8,065 pairs of different people's, of which the nearest is 0.519.
_ALIKE = 0.50

# The distances between different people's portraits. Mean and deviation are measured; that the
# distribution is normal holds within 0.02 down to one pair in ten thousand, and is taken to hold
# below, where no collection of this size can tell.
_BETWEEN_STRANGERS = NormalDist(0.865, 0.093)

# How often a stranger among all that are compared may be as near by chance.
_CHANCE_ALIKE = 0.01
_CHANCE_RESEMBLING = 0.05


def alike_within(portraits: int) -> float:
    """Return the distance up to which two students' faces are taken for one person's.

    The more `portraits` there are, the nearer the nearest stranger's is by chance: 0.50 for some
    hundreds, 0.40 for thirty thousand.
    """
    return min(_ALIKE, _nearest_by_chance(portraits, _CHANCE_ALIKE))


def resembling_within(portraits: int) -> float:
    """Return the distance up to which two students among so many portraits resemble each other."""
    return min(UNSURE, _nearest_by_chance(portraits, _CHANCE_RESEMBLING))


def _nearest_by_chance(portraits: int, chance: float) -> float:
    return _BETWEEN_STRANGERS.inv_cdf(chance / max(portraits, 1))
