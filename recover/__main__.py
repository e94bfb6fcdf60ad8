"""`python -m recover`: for whoever operates a stack, when videos have no result, or an old one."""

from __future__ import annotations

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # The modules take a second to load, and a Ctrl-C in that second is no error of theirs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import json
import os
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from function.events import notification
from recover.arguments import parse
from recover.error_reports import error_reports
from recover.failures_queue import FailuresQueue
from recover.policy import operator_policy
from recover.redrive import SETTLED, Redrive, Standing
from recover.refusals import in_words
from recover.results import FunctionSettingsError, Making
from recover.sending import Sending
from recover.terminal import counted, print_table, progress, shown
from recover.videos import has_room_for_result
from recover.waiting import Kind, outcomes
from recover.wanting import missing, outdated
from stacks.outputs import StackNotFoundError, deployment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recover.arguments import Options
    from recover.redrive import Found
    from recover.results import Result
    from recover.wanting import Wanting
    from stacks.outputs import Deployment

_DONE, _SOMETHING_LEFT, _NOT_DONE, _INTERRUPTED = 0, 1, 3, 130

_MAY_BE_WAITING = timedelta(hours=1)

_NO_ROOM = (
    "its key is too long for its result's: upload it under a shorter one, and delete this one"
)
_FOREIGN = (
    "is about no upload to this stack, and stays in the queue: 'aws sqs receive-message' shows it"
)

# Before it is done, and when it is done.
_STANDINGS = {
    Standing.UNANSWERED: ("would be sent again", "sent again"),
    Standing.ANSWERED: (
        "had its result already; the message would be deleted",
        "had its result already; the message is deleted",
    ),
    Standing.GONE: (
        "is no longer in the bucket; the message would be deleted",
        "is no longer in the bucket; the message is deleted",
    ),
    Standing.NO_VIDEO: (
        "is no video; the message would be deleted",
        "is no video; the message is deleted",
    ),
    Standing.NO_ROOM: (_NO_ROOM, _NO_ROOM),
    Standing.FOREIGN: (_FOREIGN, _FOREIGN),
}


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments, and return its exit code."""
    options = parse(arguments)
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        status = _COMMANDS[options.command](deployment(options.stack), options)
        sys.stdout.flush()
    except (FunctionSettingsError, StackNotFoundError) as error:
        return _failed(str(error), _NOT_DONE)
    except (BotoCoreError, ClientError) as error:
        return _failed(in_words(error), _NOT_DONE)
    except OSError as error:
        if error.filename:
            return _failed(f"{error.filename}: {error.strerror}: check its permissions", _NOT_DONE)
        # What sys.stdout fails to write it tries again at the end, which changes the exit code.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return _failed(
            f"standard output: {error.strerror}: check where it is directed to; what was sent "
            "stays sent",
            _NOT_DONE,
        )
    except KeyboardInterrupt:
        return _failed(
            "interrupted; what was sent stays sent; run it again to finish", _INTERRUPTED
        )
    return status


def _failures(stack: Deployment, options: Options) -> int:
    queue = FailuresQueue(stack)
    depth = queue.depth()
    redrive = Redrive(stack, queue, Making.of(stack))
    sending = Sending(stack, rate=options.rate)
    messages = redrive.look() if options.dry_run else redrive.go(sending)
    seen: dict[str, Found] = {}
    with progress("Failures", depth.waiting) as advance, closing(messages):
        for found in messages:
            seen[found.message.id] = found
            _tell(found, is_done=not options.dry_run)
            advance()
    sent = [found for found in seen.values() if found.standing is Standing.UNANSWERED]
    print(_failures_in_short(seen.values(), is_done=not options.dry_run))
    if depth.hidden:
        print(
            f"{counted(depth.hidden, 'message is', 'messages are')} hidden: sent within the last "
            "hour, or with another run. Run it again later."
        )
    left = [found for found in seen.values() if found.standing not in SETTLED]
    if options.dry_run:
        return _SOMETHING_LEFT if seen else _DONE
    if options.patience_seconds is not None and sent:
        results = {key: each for found in sent for key, each in found.results.items()}
        _wait(stack, results, options.patience_seconds)
        settled = [found for found in sent if redrive.delete_if_settled(found.message)]
        print(f"{counted(len(settled), 'message', 'messages')} deleted.")
        return _SOMETHING_LEFT if len(settled) < len(left) else _DONE
    return _SOMETHING_LEFT if len(left) > len(sent) else _DONE


def _tell(found: Found, *, is_done: bool) -> None:
    words = _STANDINGS[found.standing][is_done]
    failed = f"{found.message.failed:%Y-%m-%d %H:%M} UTC"
    reason = f": {shown(found.message.reason)}" if found.message.reason else ""
    subject = ", ".join(shown(upload.key) for upload in found.message.uploads)
    if found.standing is Standing.FOREIGN:
        subject = f"the message {found.message.id}"
    print(f"{subject}: {words} (failed {failed}{reason})", flush=True)


def _failures_in_short(seen: Iterable[Found], *, is_done: bool) -> str:
    count = Counter(found.standing for found in seen)
    deleted = sum(count[standing] for standing in SETTLED)
    kept = count[Standing.NO_ROOM] + count[Standing.FOREIGN]
    would = "" if is_done else "to be "
    return (
        f"{counted(count.total(), 'failure', 'failures')} in the queue: "
        f"{count[Standing.UNANSWERED]} {would}sent again, {deleted} {would}deleted, of which "
        f"{count[Standing.ANSWERED]} had a result already; {kept} can't be dealt with."
    )


def _missing(stack: Deployment, options: Options) -> int:
    return _send_again(stack, missing(stack, options.choice), options)


def _outdated(stack: Deployment, options: Options) -> int:
    return _send_again(stack, outdated(stack, options.choice, Making.of(stack)), options)


def _send_again(stack: Deployment, wanting: Iterable[Wanting], options: Options) -> int:
    """Send the events of these videos, say so, and wait if that is asked for."""
    found = []
    with progress("Looking") as advance:
        for each in wanting:
            found.append(each)
            advance()
    hopeless = [each for each in found if not has_room_for_result(each.video.key)]
    for each in hopeless:
        print(f"{shown(each.video.key)}: {_NO_ROOM}")
    wanted = [each for each in found if has_room_for_result(each.video.key)]
    if options.command == "missing":
        _tell_of_new(wanted)
    if options.dry_run:
        for each in wanted:
            print(f"{shown(each.video.key)}: would be sent again ({each.why})")
        print(f"{counted(len(wanted), 'video', 'videos')} to be sent again.")
        return _SOMETHING_LEFT if found else _DONE
    sending = Sending(stack, rate=options.rate)
    with progress("Sending", len(wanted)) as advance:
        for each in wanted:
            sending.send(notification(each.video.upload))
            print(f"{shown(each.video.key)}: sent again ({each.why})", flush=True)
            advance()
    print(f"{counted(len(wanted), 'video', 'videos')} sent again.")
    is_waited_for = True
    if options.patience_seconds is not None and wanted:
        results = {each.video.key: each.results for each in wanted}
        is_waited_for = _wait(stack, results, options.patience_seconds)
    return _DONE if is_waited_for and not hopeless else _SOMETHING_LEFT


def _tell_of_new(wanted: Iterable[Wanting]) -> None:
    new = sum(each.video.uploaded > datetime.now(UTC) - _MAY_BE_WAITING for each in wanted)
    if new:
        print(
            f"{counted(new, 'video was', 'videos were')} uploaded within the last hour, and may "
            "only be waiting: --until 1h leaves such out.",
            file=sys.stderr,
        )


def _wait(
    stack: Deployment, awaited: Mapping[str, Sequence[Result]], patience_seconds: float
) -> bool:
    """Say what comes of these videos, and tell whether something came of all."""
    waiting = set(awaited)
    count: Counter[Kind] = Counter()
    with progress("Waiting", len(awaited)) as advance:
        for outcome in outcomes(stack, awaited, patience_seconds=patience_seconds):
            waiting.discard(outcome.key)
            count[outcome.kind] += 1
            words = f": {shown(outcome.words)}" if outcome.words else ""
            print(f"{shown(outcome.key)}: {outcome.kind.value}{words}", flush=True)
            advance()
    for key in sorted(waiting):
        print(f"{shown(key)}: no new result yet")
    kinds = (f"{number} {kind.value}" for kind, number in count.items())
    print(
        f"{len(awaited) - len(waiting)} of {counted(len(awaited), 'video', 'videos')} answered"
        f"{': ' if count else ''}{', '.join(kinds)}."
    )
    if waiting:
        print(
            "What has no new result is waiting, has failed again ('python -m recover failures' "
            "says so), or was skipped, because the deployed function makes the same of it.",
            file=sys.stderr,
        )
    return not waiting


def _list_failed(stack: Deployment, options: Options) -> int:
    reports = []
    with progress("Reading") as advance:
        for report in error_reports(stack, prefix=options.choice.prefix):
            reports.append(report)
            advance()
    if options.json:
        listed = [
            {
                "video": report.video,
                "finished": report.metadata.get("finished"),
                "error": report.problem,
                "remedy": report.remedy,
                "recogniser": report.metadata.get("recogniser"),
            }
            for report in reports
        ]
        print(json.dumps(listed, indent=2))
    elif reports:
        print_table(reports)
    else:
        print("No error reports.")
    return _SOMETHING_LEFT if reports else _DONE


def _print_policy(stack: Deployment, _: Options) -> int:
    print(json.dumps(operator_policy(stack), indent=2))
    return _DONE


_COMMANDS = {
    "failures": _failures,
    "missing": _missing,
    "outdated": _outdated,
    "failed": _list_failed,
    "policy": _print_policy,
}


def _failed(message: str, exit_code: int) -> int:
    print(f"recover: {message}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
