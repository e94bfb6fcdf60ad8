"""A wrong setting is refused with its name."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from function.recogniser.options import RecognitionOptions
from function.settings import Settings, SettingsError

GOOD = {
    "OUTPUT_BUCKET": "results",
    "STUDENTS_TABLE": "students",
    "GALLERY_BUCKET": "videos",
    "GALLERY_KEY": "gallery/encodings.npz",
    "LOOKS_BUCKET": "looks",
    "LONG_VIDEOS": "arn:aws:states:eu-central-1:123456789012:stateMachine:long",
    "RANGES_FROM_SECONDS": "600",
    "SAMPLES_PER_SECOND": "2",
    "TOLERANCE": "0.6",
    "MARGIN": "0.02",
}


def test_settings_are_read_from_the_environment() -> None:
    assert Settings.from_environment(GOOD | {"PATH": "/bin"}) == Settings(
        output_bucket="results",
        students_table="students",
        gallery_bucket="videos",
        gallery_key="gallery/encodings.npz",
        looks_bucket="looks",
        long_videos="arn:aws:states:eu-central-1:123456789012:stateMachine:long",
        ranges_from_seconds=600,
        samples_per_second=2,
        tolerance=0.6,
        margin=0.02,
    )


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({key: value for key, value in GOOD.items() if key != name})
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(GOOD | {name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAMPLES_PER_SECOND", "0"),
        ("SAMPLES_PER_SECOND", "-1"),
        ("SAMPLES_PER_SECOND", "1000"),
        ("SAMPLES_PER_SECOND", "two"),
        ("TOLERANCE", "0"),
        ("TOLERANCE", "1.5"),
        ("TOLERANCE", "nan"),
        ("TOLERANCE", "0,6"),
        ("MARGIN", "-0.1"),
        ("MARGIN", "inf"),
    ],
)
def test_a_wrong_number_is_named_with_its_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment(GOOD | {name: value})
    assert name in str(raised.value)
    assert value in str(raised.value)


def test_the_function_does_not_start_with_a_wrong_setting() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import function.app"],
        env=os.environ | GOOD | {"TOLERANCE": "much"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "TOLERANCE is 'much'" in done.stderr


def test_every_option_that_can_change_a_result_is_in_the_recognisers_name() -> None:
    names = {
        RecognitionOptions().recogniser,
        RecognitionOptions(samples_per_second=3).recogniser,
        RecognitionOptions(tolerance=0.5).recogniser,
        RecognitionOptions(margin=0.1).recogniser,
    }
    assert len(names) == 4
    assert all(name.isascii() for name in names), "it travels in an HTTP header"
