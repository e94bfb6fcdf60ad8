"""docs/scaling.md, with the tables in their places."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENT = Path(__file__).parents[1] / "docs" / "scaling.md"
_PLACE = re.compile(r"<!-- scaling: (?P<name>[a-z ]+) -->\n.*?<!-- /scaling -->\n", re.DOTALL)


def with_tables(text: str, tables: Mapping[str, str]) -> str:
    """Return the document's text with each table between its two marks.

    Raises ValueError if a table has no place in it, or a place no table.
    """
    places = [place["name"] for place in _PLACE.finditer(text)]
    if sorted(places) != sorted(tables):
        raise ValueError(
            f"the places for tables are {', '.join(places)}: there must be one each for "
            f"{', '.join(tables)}"
        )
    return _PLACE.sub(
        lambda place: (
            f"<!-- scaling: {place['name']} -->\n{tables[place['name']]}<!-- /scaling -->\n"
        ),
        text,
    )
