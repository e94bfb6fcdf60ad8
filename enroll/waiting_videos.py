"""Videos that came before anybody was enrolled: they are looked at again once somebody is.

The function leaves a report for each of them. They are found by these reports, and the function is
sent what S3 sent it when they were uploaded. Whoever enrols needs to be allowed to list and read
the output bucket and to invoke the function.

Every enrolment looks for them, and not the first alone, so that one that was interrupted here, or
was not allowed to, is made good by the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from function.events import Upload, notification
from function.results import is_for_want_of_enrolment
from recover.error_reports import error_reports
from recover.sending import Sending

if TYPE_CHECKING:
    from stacks.outputs import Deployment


def look_again(stack: Deployment) -> int:
    """Have the function look again at the videos that wait for an enrolment; return how many.

    It does so by itself, and after this has returned. Raises a botocore exception.
    """
    sending = Sending(stack)
    count = 0
    for report in error_reports(stack):
        if is_for_want_of_enrolment(report.metadata):
            upload = Upload(
                bucket=stack.outputs.input_bucket,
                key=report.video,
                time=report.metadata["event-time"],
            )
            sending.send(notification(upload))
            count += 1
    return count
