"""Events that nobody sends, made by Hypothesis: junk, and notifications with junk in them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

# With the halves of characters that JSON can have and UTF-8 can not.
_TEXTS = st.one_of(
    st.text(st.characters(), max_size=20),
    st.text(st.characters(categories=["Cs", "Cc", "Ll"]), max_size=20),
    st.sampled_from(["", "%", "%%", "%FF", "%00", "+", "a" * 100_000, "%C3%BC" * 600, "s3://x"]),
)
_JUNK: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["Records", "s3", "bucket", "object", "key", "name", "Event"]), inner
        ),
    ),
    max_leaves=12,
)
_KEYS = st.one_of(
    _TEXTS,
    st.text(min_size=1, max_size=40).map(lambda text: f"{text}.txt"),
    st.integers(1000, 1100).map(lambda length: "a" * length),
)


def events(bucket: str = "videos") -> st.SearchStrategy[Any]:
    """Return events of any form, those of objects in this bucket among them."""
    places = st.fixed_dictionaries(
        {
            "bucket": st.one_of(st.fixed_dictionaries({"name": st.just(bucket)}), _JUNK),
            "object": st.one_of(st.fixed_dictionaries({"key": st.one_of(_KEYS, _JUNK)}), _JUNK),
        }
    )
    records = st.fixed_dictionaries(
        {
            "eventTime": st.one_of(st.just("2026-11-23T18:00:00.000Z"), _JUNK),
            "s3": st.one_of(places, _JUNK),
        }
    )
    listed = st.lists(st.one_of(records, _JUNK), max_size=4)
    return st.one_of(_JUNK, st.fixed_dictionaries({"Records": st.one_of(listed, _JUNK)}))
