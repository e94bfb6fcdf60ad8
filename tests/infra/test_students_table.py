"""The students table is encrypted, keyed by the student id, and hard to lose in production."""

from __future__ import annotations

from tests.infra.recording import Program, run_program

TABLE = "dynamodb/table:Table"


def test_students_are_found_by_their_id(program: Program) -> None:
    table = program.one(TABLE, "lambdalens-students").inputs
    assert table["hashKey"] == "student_id"
    assert table["attributes"] == [{"name": "student_id", "type": "S"}]
    assert "rangeKey" not in table


def test_it_is_paid_by_the_request(program: Program) -> None:
    assert program.one(TABLE, "lambdalens-students").inputs["billingMode"] == "PAY_PER_REQUEST"


def test_it_is_encrypted(program: Program) -> None:
    assert program.one(TABLE, "lambdalens-students").inputs["serverSideEncryption"] == {
        "enabled": True
    }


def test_restoring_and_protection_are_settings() -> None:
    table = run_program(
        "dev", pointInTimeRecovery="true", protectData="true", alarmEmail="none"
    ).one(TABLE, "lambdalens-students")
    assert table.inputs["pointInTimeRecovery"] == {"enabled": True}
    assert table.inputs["deletionProtectionEnabled"] is True
    table = run_program("prod", pointInTimeRecovery="false", protectData="false").one(
        TABLE, "lambdalens-students"
    )
    assert table.inputs["pointInTimeRecovery"] == {"enabled": False}
    assert table.inputs["deletionProtectionEnabled"] is False
