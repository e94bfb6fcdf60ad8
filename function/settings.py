"""The function's settings, from the environment that the deployment gives it.

They are read once, when the function starts, so that a wrong one fails the start with its name
and not the first video with a riddle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from function.recogniser.options import RecognitionOptionError, RecognitionOptions

if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingsError(ValueError):
    """An environment variable is missing or has a value that cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Settings(RecognitionOptions):
    """Where the function reads and writes, and how it recognises.

    Videos of `ranges_from_seconds` and more are looked at in ranges, which the state machine with
    the ARN `long_videos` conducts; what is seen in each is in the `looks_bucket`.
    """

    output_bucket: str
    students_table: str
    gallery_bucket: str
    gallery_key: str
    looks_bucket: str
    long_videos: str
    ranges_from_seconds: float

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings from environment variables of the fields' names in capitals.

        Raises:
            SettingsError: one is missing, empty, no number where one is needed, or out of range.

        """
        try:
            return cls(
                output_bucket=_text(environment, "OUTPUT_BUCKET"),
                students_table=_text(environment, "STUDENTS_TABLE"),
                gallery_bucket=_text(environment, "GALLERY_BUCKET"),
                gallery_key=_text(environment, "GALLERY_KEY"),
                looks_bucket=_text(environment, "LOOKS_BUCKET"),
                long_videos=_text(environment, "LONG_VIDEOS"),
                ranges_from_seconds=_number(environment, "RANGES_FROM_SECONDS"),
                samples_per_second=_number(environment, "SAMPLES_PER_SECOND"),
                tolerance=_number(environment, "TOLERANCE"),
                margin=_number(environment, "MARGIN"),
            )
        except RecognitionOptionError as error:
            raise SettingsError(
                f"The environment variable {error.option.upper()} {error.problem}."
            ) from error


def _text(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"The environment variable {name} is not set.")
    return value


def _number(environment: Mapping[str, str], name: str) -> float:
    value = _text(environment, name)
    try:
        return float(value)
    except ValueError as error:
        raise SettingsError(f"The environment variable {name} is {value!r}, no number.") from error
