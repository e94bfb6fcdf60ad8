"""How a cost grows: the exponent of a power law, fitted to measurements."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def fitted_exponent(amounts: Sequence[float], costs: Sequence[float]) -> float:
    """Return k of the law cost = c · amount^k that fits best: least squares of the logarithms.

    1 is a cost in proportion, 0 one that does not depend on the amount. A fixed cost beside the
    growing one makes the exponent smaller than that of large amounts alone. All numbers have to
    be above 0, of two different amounts at least.
    """
    if len(amounts) != len(costs) or len(set(amounts)) < 2:  # noqa: PLR2004 - a line has two ends
        raise ValueError(f"no line goes through {len(set(amounts))} amounts, {len(costs)} costs")
    if min(*amounts, *costs) <= 0:
        raise ValueError("a logarithm needs an amount and a cost above 0")
    x, y = ([math.log(number) for number in numbers] for numbers in (amounts, costs))
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    rise = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    run = sum((a - middle_x) ** 2 for a in x)
    return rise / run
