"""What the soak's account notices, and what its seed decides."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from function.evidence import Evidence, Source
from function.recogniser.outcome import Recognition
from samples.sample_class import BIDEN, OBAMA
from tests.soak.account import Result, _etag, _personal, _problems, _problems_of_evidence
from tests.soak.plan import NAMED, Content, Kind, Step, steps

if TYPE_CHECKING:
    from collections.abc import Sequence

VIDEO = Content(body=b"video", kind=Kind.CSV, students=frozenset({OBAMA, BIDEN}))
BROKEN = Content(body=b"broken", kind=Kind.REPORT)
TEXT = Content(body=b"text", kind=Kind.NOTHING)
MADE = {content.kind: [content] for content in (VIDEO, BROKEN, TEXT)}
EVERYBODY = frozenset({OBAMA, BIDEN})
PROVENANCE = {"video-etag": "v", "gallery-etag": "g", "recogniser": "r"}


def csv_of(*students: str, of: Content = VIDEO, gallery: str = "g") -> Result:
    body = "".join(f"{row}\r\n" for row in ("student_id", *students)).encode()
    return Result(
        key="v.csv", body=body, metadata={"video-etag": _etag(of), "gallery-etag": gallery}
    )


def report(video: str = "v.mp4") -> Result:
    metadata = {"video-etag": _etag(BROKEN), "gallery-etag": "g"}
    return Result(key="v.error.json", body=json.dumps({"video": video}).encode(), metadata=metadata)


def problems(
    content: Content, *results: Result, enrolled: frozenset[str] = EVERYBODY
) -> Sequence[str]:
    return list(_problems("v.mp4", content, list(results), "g", enrolled))


def test_what_is_right_is_no_problem() -> None:
    assert problems(VIDEO, csv_of(OBAMA, BIDEN)) == []
    assert problems(VIDEO, csv_of(OBAMA), enrolled=frozenset({OBAMA})) == []
    assert problems(BROKEN, report()) == []
    assert problems(TEXT) == []


@pytest.mark.parametrize(
    ("content", "results", "said"),
    [
        (VIDEO, (), "has 0 results"),
        (VIDEO, (csv_of(OBAMA, BIDEN), report()), "has 2 results"),
        (VIDEO, (csv_of(OBAMA),), "names ['1001'] and shows ['1001', '1002']"),
        (VIDEO, (csv_of(OBAMA, BIDEN, of=BROKEN),), "video-etag"),
        (VIDEO, (csv_of(OBAMA, BIDEN, gallery="old"),), "gallery-etag old, not g"),
        (BROKEN, (csv_of(of=BROKEN),), "has a CSV"),
        (BROKEN, (report("other.mp4"),), "another key"),
        (TEXT, (report(),), "is no video"),
    ],
)
def test_what_is_wrong_is_named(content: Content, results: tuple[Result, ...], said: str) -> None:
    (problem,) = problems(content, *results)
    assert said in problem


def evidence_of(result: Result, **differences: str) -> Result:
    source = Source(video="v.mp4", course=None, recogniser="r", step=0.5)
    body = Evidence.of(Recognition.of_nothing(), {}, source, result.body).as_bytes()
    return Result(key="v.json", body=body, metadata={**result.metadata, **differences})


def test_evidence_is_of_the_csv_and_there_with_it_alone() -> None:
    seen, other = (replace(csv_of(*each), metadata=PROVENANCE) for each in ((OBAMA,), (BIDEN,)))

    def problems(evidence: Result | None, *results: Result) -> list[str]:
        return list(_problems_of_evidence("v.mp4", evidence, results))

    assert problems(evidence_of(seen), seen) == []
    assert problems(None, report()) == []
    for evidence, results, said in (
        (None, [seen], "only one"),
        (evidence_of(seen), [report()], "only one"),
        (evidence_of(seen), [], "only one"),
        (evidence_of(seen, recogniser="another"), [seen], "made from something else"),
        (evidence_of(other), [seen], "of another CSV"),
        (replace(evidence_of(seen), body=b"{}"), [seen], "cannot be read"),
    ):
        (problem,) = problems(evidence, *results)
        assert said in problem


def test_a_name_in_what_is_logged_is_noticed() -> None:
    assert list(_personal("the log", f"no such key: {NAMED}7.mp4"))
    assert not list(_personal("the log", '{"duration_ms": 1001}'))


def test_a_seed_decides_about_all_steps() -> None:
    def planned(seed: int) -> Sequence[Step]:
        return steps(seed, 200, MADE, galleries=2)

    assert planned(1) == planned(1) != planned(2)
    assert {step.content.kind for step in planned(1)} == {*Kind}
    assert all(NAMED in step.key for step in planned(1))
    assert any(step.again for step in planned(1))
    assert any(step.kill_after for step in planned(1))
    assert any(step.outage for step in planned(1))
    assert {step.gallery for step in planned(1)} >= {(None,), (0,), (1,)}


def test_what_comes_over_another_upload_gets_a_result_as_that_did() -> None:
    kinds: dict[str, set[bool]] = {}
    for step in steps(3, 500, MADE, galleries=2):
        kinds.setdefault(step.key, set()).add(step.content.kind is Kind.NOTHING)
    assert all(len(found) == 1 for found in kinds.values())
