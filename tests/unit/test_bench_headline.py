"""The benchmark's headline: one sentence on the sections that ran."""

from __future__ import annotations

from pathlib import Path

from bench.headline import Headline
from bench.inputs import Video
from bench.trials import Measured, Try
from bench.ways import OURS_EVERYONE, SEED_EVERYONE


def measured(seed: float, ours: float | None) -> dict[str, Measured]:
    """Return what the two ways came to, in CPU seconds; None: it failed."""
    return {
        SEED_EVERYONE: Measured(tries=[Try(answer=frozenset(), cpu=seed)], processes=[]),
        OURS_EVERYONE: Measured(
            tries=[Try(answer=None if ours is None else frozenset(), cpu=ours or 0.0)], processes=[]
        ),
    }


def videos(*seconds: float) -> list[Video]:
    return [Video(path=Path("clip.mp4"), name="clip.mp4", seconds=length) for length in seconds]


def test_the_headline_stands_on_both_sections() -> None:
    headline = Headline()
    headline.take_videos(videos(1, 2), [measured(6, 1), measured(15, 1)])
    headline.take_minutes([measured(60, 2), measured(50, 2)])
    assert str(headline) == (
        "The seed's way costs 25.0 to 30.0 times ours on a minute of 1080p, and 10.5 times on the "
        "2 short clips, in one warm process."
    )


def test_the_headline_says_what_is_known_when_one_section_ran() -> None:
    minutes, clips = Headline(), Headline()
    minutes.take_minutes([measured(60, 2), measured(60.01, 2)])
    clips.take_videos(videos(1), [measured(6, 1)])
    assert str(minutes) == (
        "The seed's way costs 30.0 times ours on a minute of 1080p, in one warm process."
    )
    assert str(clips) == (
        "The seed's way costs 6.0 times ours on one short clip, in one warm process."
    )


def test_long_videos_are_not_called_clips() -> None:
    headline = Headline()
    headline.take_videos(videos(2, 600), [measured(6, 1), measured(6, 1)])
    assert "times ours on the 2 videos" in str(headline)


def test_nothing_known_gives_no_headline() -> None:
    assert not str(Headline())


def test_what_failed_is_not_in_the_headline() -> None:
    headline = Headline()
    headline.take_videos(videos(1, 1), [measured(6, 1), measured(6, None)])
    headline.take_minutes([measured(60, 2), measured(50, None)])
    assert str(headline) == (
        "The seed's way costs 30.0 times ours on a minute of 1080p, in one warm process."
    )
