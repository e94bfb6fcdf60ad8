"""What leaves the function where it fails: errors of ours, which name nobody.

Their text stands in the log and in the failures queue. The SDK's own may carry an address with a
key in it, and keys name courses and people, as does what a service answers. So of another's error
its kind is told and where it was, and nothing that it says.
"""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from function.events import UnexpectedEventError
from function.failed_requests import RequestFailedError
from function.long_videos import TooManyExecutionsError
from function.recogniser.identity.gallery import GalleryError
from function.run_time import InterruptedRunError
from function.settling import UnsettledResultError
from function.students import StudentsTableBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FUNCTION = Path(__file__).parent

# A code is a word; what else may stand in its place is not told.
_CODE = re.compile(r"\w{1,64}", re.ASCII)


class UnexpectedError(Exception):
    """An error that nobody thought of; the message names its type, and its place in the code."""


# Their messages are made here, of nothing that names anybody.
_OURS = (
    GalleryError,
    InterruptedRunError,
    RequestFailedError,
    StudentsTableBusyError,
    TooManyExecutionsError,
    UnexpectedError,
    UnexpectedEventError,
    UnsettledResultError,
)


def nameless(error: Exception) -> Exception:
    """Return the error, or one that may leave the function in its place."""
    if isinstance(error, _OURS):
        return error
    if isinstance(error, ClientError):
        return _refused(error)
    return UnexpectedError(f"{type(error).__name__} at {_place(error)}")


def _refused(error: ClientError) -> RequestFailedError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = error.response.get("Error", {}).get("Code")
    told = (str(it) for it in (status, code) if it is not None and _CODE.fullmatch(str(it)))
    # Of what has no body, the status is the code.
    return RequestFailedError(
        f"{error.operation_name}: {' '.join(dict.fromkeys(told)) or 'refused'}"
    )


def _place(error: Exception) -> str:
    """Return the last place in the function's own code that the error came through."""
    return next(_places(error), "an unknown place")


def _places(error: Exception) -> Iterator[str]:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_FUNCTION):
            yield f"{path.relative_to(_FUNCTION.parent)}:{frame.lineno}"
