"""The gallery in its bucket, as a run that was planned for it finds it."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from function.recogniser.identity.gallery import Gallery
from function.storage import StoredGallery

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from local.aws import LocalAws

BUCKET, KEY = "a-schools-gallery", "gallery.npz"


@pytest.fixture(scope="module")
def versioned(aws: LocalAws) -> S3Client:
    s3: S3Client = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return s3


def contents(*student_ids: str) -> bytes:
    file = io.BytesIO()
    Gallery(student_ids=student_ids, encodings=np.ones((len(student_ids), 128), np.float32)).save(
        file
    )
    return file.getvalue()


def test_an_earlier_one_is_read_as_long_as_it_is_kept(versioned: S3Client) -> None:
    put = partial(versioned.put_object, Bucket=BUCKET, Key=KEY)
    version = put(Body=contents("1", "2"))["VersionId"]
    _, etag = StoredGallery(versioned, BUCKET, KEY).current()
    put(Body=contents("1"))
    stored = StoredGallery(versioned, BUCKET, KEY)
    found = stored.as_it_was(etag, version)
    assert found is not None
    assert found.student_ids == ("1", "2")

    versioned.delete_object(Bucket=BUCKET, Key=KEY, VersionId=version)

    # Also by who has it in memory: somebody in it was forgotten.
    assert stored.as_it_was(etag, version) is None
    assert StoredGallery(versioned, BUCKET, KEY).as_it_was(etag, version) is None


def test_where_no_versions_are_kept_only_the_latest_is_there(aws: LocalAws) -> None:
    s3: S3Client = aws.client("s3")
    bucket = f"{BUCKET}-without-versions"
    s3.create_bucket(Bucket=bucket)
    content = contents("1")
    s3.put_object(Bucket=bucket, Key=KEY, Body=content)
    stored = StoredGallery(s3, bucket, KEY)
    _, etag = stored.current()

    assert stored.as_it_was(etag, None) is not None
    s3.put_object(Bucket=bucket, Key=KEY, Body=content + b"\0")
    assert stored.as_it_was(etag, None) is None
