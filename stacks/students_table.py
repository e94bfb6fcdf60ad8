"""The students table: who a student id of the gallery is.

One item for each student under the partition key `student_id`, with the attributes `name`,
`major` and `year`. The function reads it in batches by key and never scans it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import dynamodb

from stacks.component import Component
from stacks.key_of_own import table_encryption

if TYPE_CHECKING:
    from stacks.settings import StackSettings


class StudentsTable(Component):
    """An encrypted table that is paid by the request: classes come in bursts, and rarely."""

    def __init__(self, name: str, settings: StackSettings) -> None:
        super().__init__(name)
        self.table = dynamodb.Table(
            name,
            billing_mode="PAY_PER_REQUEST",
            hash_key="student_id",
            attributes=[{"name": "student_id", "type": "S"}],
            server_side_encryption=table_encryption(settings),
            point_in_time_recovery={"enabled": settings.point_in_time_recovery},
            deletion_protection_enabled=settings.protect_data,
            opts=pulumi.ResourceOptions(parent=self, protect=settings.protect_data),
        )
        self.register_outputs({"table": self.table.name})
