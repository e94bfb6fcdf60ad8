"""The command line of enrolment: who is known, and who is to be forgotten."""

from __future__ import annotations

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # The modules take a second to load. A Ctrl-C in that second ends the process there and then,
    # where Python's own answer would be the traceback of whatever is being loaded.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import sys
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from enroll.commands import (
    add,
    audit,
    enrol,
    export,
    forget,
    import_encodings,
    list_enrolled,
    prune,
    remove,
    restore,
)
from enroll.commands.arguments import ExitStatus, UnknownAlikeError
from enroll.deployed import FacesNotForgottenError, GalleryBusyError
from enroll.encodings_file import EncodingsFileError
from enroll.enrolment import PortraitsUnreadableError
from enroll.held_results import ResultsBusyError
from enroll.known_names import AmbiguousNameError
from enroll.restoring import NoSuchVersionError
from function.recogniser.identity.enrolled import CourseNameError
from function.recogniser.identity.gallery import GalleryError
from function.student_list import StudentListError
from stacks.outputs import StackNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

# Enrolling needs no command's name; the others begin with theirs.
_NAMED: Mapping[str, ModuleType] = {
    "add": add,
    "audit": audit,
    "export": export,
    "forget": forget,
    "import-encodings": import_encodings,
    "list": list_enrolled,
    "prune": prune,
    "remove": remove,
    "restore": restore,
}


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments, and return its exit status."""
    command, own = _command(arguments)
    options = command.options(own)
    try:
        exit_status: int = command.run(options)
    except (
        AmbiguousNameError,
        CourseNameError,
        EncodingsFileError,
        FacesNotForgottenError,
        GalleryBusyError,
        GalleryError,
        NoSuchVersionError,
        PortraitsUnreadableError,
        ResultsBusyError,
        StackNotFoundError,
        StudentListError,
        UnknownAlikeError,
    ) as error:
        return _not_done(str(error))
    except OSError as error:
        named = f"{error.filename}: {error.strerror}" if error.filename else error
        return _not_done(f"{named}: check the path, its permissions and the space on the disk")
    except (BotoCoreError, ClientError) as error:
        return _not_done(
            f"{error}: check that the stack is up, and whose credentials you use "
            "('aws sts get-caller-identity')"
        )
    except KeyboardInterrupt:
        print("enroll: interrupted; run it again to finish", file=sys.stderr)
        return ExitStatus.INTERRUPTED
    return exit_status


def _command(arguments: Sequence[str]) -> tuple[ModuleType, Sequence[str]]:
    """Return the command that is meant, and the arguments that are its own."""
    match list(arguments):
        case [name, *rest] if name in _NAMED:
            return _NAMED[name], rest
        case everything:
            return enrol, everything


def _not_done(message: str) -> int:
    print(f"enroll: {message}", file=sys.stderr)
    return ExitStatus.NOT_DONE


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
