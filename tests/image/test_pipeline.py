"""The stack with containers in place of local workers: the same tests, a choice of them."""

from __future__ import annotations

from tests.integration.test_videos import (  # noqa: F401 - tests and the fixture they share
    obama,
    test_a_broken_file_becomes_an_error_report,
    test_a_duplicate_event_is_skipped,
    test_a_stranger_is_not_named,
    test_a_video_of_a_student_becomes_a_csv_of_that_student,
    test_a_video_of_nobody_becomes_a_csv_without_rows,
    test_all_students_of_a_video_are_named_in_order_of_appearance,
    test_an_enrolment_shows_in_the_next_upload_of_the_same_video,
    test_keys_of_all_kinds_come_through,
    test_the_log_names_neither_videos_nor_students,
)
