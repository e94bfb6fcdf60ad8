"""What every command that changes a stack's gallery says of the results made before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enroll.older_results import OlderResults


def tell_of_older(older: OlderResults, stack: str) -> None:
    """Say how many there are, and how to have their videos looked at again."""
    if not older.number:
        return
    at_least = "" if older.is_all else "At least "
    videos = "1 video was" if older.number == 1 else f"{older.number} videos were"
    print(
        f"{at_least}{videos} looked at before with another gallery. Those that are still in the "
        f"bucket are looked at again with 'python -m recover outdated --stack {stack}'; first add "
        "--dry-run to see which."
    )
