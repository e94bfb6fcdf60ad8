"""The buckets and the table of a stack on the embedded AWS, with nothing that runs."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING

from local.emulator import REGION
from stacks.names import camel_case
from stacks.outputs import Deployment, StackOutputs

if TYPE_CHECKING:
    from pathlib import Path

    from local.emulator import Emulator


def stack_alone(emulator: Emulator, *, versioned: bool = False) -> Deployment:
    """Make a stack of its own, its gallery, output and looks bucket and table empty."""
    name = f"test-{uuid.uuid4().hex}"
    names = StackOutputs(
        input_bucket=f"{name}-input",
        output_bucket=f"{name}-output",
        gallery_bucket=f"{name}-gallery",
        gallery_key="gallery.npz",
        looks_bucket=f"{name}-looks",
        students_table=name,
        function_name="none",
        function_alias="none",
        failures_queue_url="none",
        log_group="none",
        region=REGION,
    )
    stack = Deployment(
        outputs=names, endpoint_url=emulator.endpoint_url, access_key=emulator.administrator
    )
    s3 = stack.client("s3")
    for bucket in (names.gallery_bucket, names.output_bucket):
        s3.create_bucket(Bucket=bucket)
        if versioned:
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.create_bucket(Bucket=names.looks_bucket)
    stack.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "student_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "student_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return stack


def note_of(stack: Deployment, folder: Path) -> Path:
    """Write what a running local stack writes, and return where."""
    exports = {camel_case(name): value for name, value in vars(stack.outputs).items()}
    file = folder / "stack.json"
    assert stack.access_key is not None
    note = {"endpoint_url": stack.endpoint_url, "access_key": asdict(stack.access_key)}
    file.write_text(json.dumps({**note, "outputs": exports}))
    return file
