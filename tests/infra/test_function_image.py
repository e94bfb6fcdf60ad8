"""The image is built when its content changes, pushed once, and not expired while in use.

Unless a setting names it: then nothing is built, and the repository stays.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from stacks.configuration import REPOSITORY
from stacks.function_image import CONTEXT, build_arguments, content_digest
from stacks.source import web_address
from tests.infra.recording import ACCOUNT, Program, Registration, run_program, statements

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = f"sha256:{'a' * 64}"
IMAGE_URI = f"{'1' * 12}.dkr.ecr.eu-west-1.amazonaws.com/lambdalens@{DIGEST}"

by_setting = pytest.mark.parametrize(
    "setting", [{"imageDigest": DIGEST}, {"imageUri": IMAGE_URI}], ids=["imageDigest", "imageUri"]
)


def image(program: Program) -> Registration:
    return program.one("docker:index/registryImage:RegistryImage")


def tag(program: Program) -> str:
    return str(image(program).inputs["name"]).rpartition(":")[2]


def lifecycle_rules(program: Program) -> list[dict[str, Any]]:
    policy = json.loads(program.one("ecr/lifecyclePolicy:LifecyclePolicy").inputs["policy"])
    return sorted(policy["rules"], key=lambda rule: int(rule["rulePriority"]))


def test_the_repository_scans_and_keeps_what_a_tag_means(prod: Program) -> None:
    repository = prod.one("ecr/repository:Repository").inputs
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["encryptionConfigurations"] == [{"encryptionType": "AES256"}]


def test_the_image_in_use_is_selected_by_the_first_rule_which_expires_nothing(
    prod: Program,
) -> None:
    first, *others = lifecycle_rules(prod)
    assert first["selection"] == {
        "tagStatus": "tagged",
        "tagPatternList": [tag(prod)],
        "countType": "imageCountMoreThan",
        "countNumber": 1,
    }
    assert all(rule["rulePriority"] > first["rulePriority"] for rule in others)


def test_some_images_are_kept_to_go_back_to(prod: Program) -> None:
    _, older, untagged = lifecycle_rules(prod)
    assert older["selection"]["tagPatternList"] == ["*"]
    assert older["selection"]["countNumber"] == 10
    assert untagged["selection"]["tagStatus"] == "untagged"
    assert image(prod).inputs["keepRemotely"] is True


def test_no_attestation_makes_an_index_of_the_image(prod: Program) -> None:
    build = image(prod).inputs["build"]
    assert (build["provenance"], build["sbom"]) == ("false", "false")


@pytest.mark.parametrize(
    ("architecture", "platform"), [("x86_64", "linux/amd64"), ("arm64", "linux/arm64")]
)
def test_it_is_built_for_the_processor_the_function_runs_on(
    architecture: str, platform: str
) -> None:
    program = run_program("dev", architecture=architecture)
    assert image(program).inputs["build"]["platform"] == platform
    assert image(program).inputs["triggers"]["platform"] == platform
    assert program.one("lambda/function:Function", "lambdalens-recogniser").inputs[
        "architectures"
    ] == [architecture]


def test_it_is_built_again_when_the_content_or_the_repository_changes(prod: Program) -> None:
    triggers = image(prod).inputs["triggers"]
    assert triggers["content"] == content_digest(REPOSITORY)
    assert triggers["repository"] == prod.one("ecr/repository:Repository").outputs["repositoryUrl"]


def test_the_build_does_not_depend_on_where_the_repository_is(prod: Program) -> None:
    build = image(prod).inputs["build"]
    assert build["context"] == "."
    assert build["dockerfile"] == "function/Dockerfile"
    assert (REPOSITORY / build["dockerfile"]).is_file()


def test_a_tag_says_when_and_what(prod: Program) -> None:
    content = content_digest(REPOSITORY)
    assert re.fullmatch(rf"\d{{8}}-\d{{6}}-{content[:12]}", tag(prod))


def test_a_new_password_time_or_revision_alone_changes_nothing(prod: Program) -> None:
    assert image(prod).ignore_changes == {
        *("name", "authConfig", "build.buildArgs", "build.buildLogFile", "triggers.base"),
    }


def test_another_day_of_the_base_is_another_image() -> None:
    rebuilt = image(run_program("dev", baseDate="2026-11-27"))
    assert rebuilt.inputs["triggers"]["base"] == "2026-11-27"
    assert "triggers.base" not in rebuilt.ignore_changes


def test_what_a_build_says_is_kept_where_git_does_not_look(prod: Program) -> None:
    file = image(prod).inputs["build"]["buildLogFile"]
    assert file == "build/image.log"
    assert "build/" in (REPOSITORY / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_engine_is_looked_for_before_a_build_and_the_log_shown_after_a_failure(
    prod: Program,
) -> None:
    assert image(prod).hooks == {
        "before_create: lambdalens-engine",
        "on_error: lambdalens-build-log",
    }


def test_the_password_is_a_secret(prod: Program) -> None:
    assert "authConfig" in image(prod).secrets


def test_a_preview_asks_for_no_docker(prod: Program) -> None:
    provider = prod.one("pulumi:providers:docker")
    assert provider.inputs["disableDockerDaemonCheck"] == "true"
    assert image(prod).provider == f"{provider.urn}::{provider.id}"


def test_the_function_runs_the_digest_that_the_registry_answered(prod: Program) -> None:
    repository = prod.one("ecr/repository:Repository").outputs["repositoryUrl"]
    digest = image(prod).outputs["sha256Digest"]
    uri = prod.one("lambda/function:Function", "lambdalens-recogniser").inputs["imageUri"]
    assert uri == f"{repository}@{digest}"


def test_an_image_of_the_stack_is_named_by_its_digest() -> None:
    program = run_program("prod", imageDigest=DIGEST)
    repository = program.one("ecr/repository:Repository").outputs["repositoryUrl"]
    assert (
        program.one("lambda/function:Function", "lambdalens-recogniser").inputs["imageUri"]
        == f"{repository}@{DIGEST}"
    )


def test_an_image_from_elsewhere_is_taken_as_it_is() -> None:
    program = run_program("prod", imageUri=IMAGE_URI)
    assert (
        program.one("lambda/function:Function", "lambdalens-recogniser").inputs["imageUri"]
        == IMAGE_URI
    )


@by_setting
def test_with_an_image_named_by_a_setting_nothing_of_docker_is_touched(
    setting: dict[str, str],
) -> None:
    program = run_program("prod", **setting)
    assert not [each.kind for each in program.registrations if "docker" in each.kind]


@by_setting
def test_with_an_image_named_by_a_setting_the_repository_stays_as_it_was(
    setting: dict[str, str], prod: Program
) -> None:
    program = run_program("prod", **setting)
    for kind in ("ecr/repository:Repository", "ecr/repositoryPolicy:RepositoryPolicy"):
        assert program.one(kind) == prod.one(kind)


@by_setting
def test_with_an_image_named_by_a_setting_none_expires(setting: dict[str, str]) -> None:
    # No rule can select an image by its digest, so any rule might expire the one in use.
    assert not run_program("prod", **setting).has("ecr/lifecyclePolicy:LifecyclePolicy")


def test_old_images_are_forgotten_once_the_new_one_is_in_use(prod: Program) -> None:
    # Until then the rules of the deployment before keep the image that is still in use.
    rules = prod.one("ecr/lifecyclePolicy:LifecyclePolicy")
    assert prod.one("lambda/alias:Alias").urn in rules.depends_on


def test_lambda_may_fetch_images_for_our_functions_and_nobody_else_may(program: Program) -> None:
    policy = program.one("ecr/repositoryPolicy:RepositoryPolicy").inputs
    assert policy["repository"] == program.one("ecr/repository:Repository").outputs["name"]
    (statement,) = statements(policy["policy"])
    functions = [
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:lambdalens-{each}*"
        for each in ("recogniser", "page")
    ]
    assert statement == {
        "Sid": "FetchedByLambda",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        "Condition": {"StringLike": {"aws:SourceArn": functions}},
    }


@pytest.mark.parametrize("setting", [{}, {"imageDigest": DIGEST}], ids=["built", "imageDigest"])
def test_no_function_asks_for_the_image_before_lambda_may_fetch_it(
    setting: dict[str, str],
) -> None:
    program = run_program("prod", teachersPage="true", **setting)
    policy = program.one("ecr/repositoryPolicy:RepositoryPolicy")
    (statement,) = statements(policy.inputs["policy"])
    fetched_by = statement["Condition"]["StringLike"]["aws:SourceArn"]
    functions = program.every("lambda/function:Function")
    assert len(functions) == 2
    for function in functions:
        assert policy.urn in function.depends_on
        assert any(source.endswith(f":{function.name}*") for source in fetched_by)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Copy what the image is made of, as if to another machine."""
    for folder in ("function", "page", "register"):
        shutil.copytree(
            REPOSITORY / folder,
            tmp_path / folder,
            ignore=shutil.ignore_patterns("__pycache__"),
            copy_function=shutil.copyfile,
        )
    return tmp_path


def test_another_machine_computes_the_same_digest(clone: Path) -> None:
    for file in clone.rglob("*"):
        os.utime(file, (0, 0))

    assert content_digest(clone) == content_digest(REPOSITORY)


def test_git_on_windows_leaves_the_digest_as_it_is(clone: Path, tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / ".gitattributes", clone)

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], check=True, capture_output=True)  # noqa: S607

    git("init", str(clone))
    git("-C", str(clone), "add", ".")
    as_somebody = ("-c", "user.name=somebody", "-c", "user.email=somebody@school.example")
    git("-C", str(clone), *as_somebody, "commit", "-m", "all of it")
    git("clone", "-c", "core.autocrlf=true", str(clone), str(tmp_path / "on-windows"))

    assert content_digest(tmp_path / "on-windows") == content_digest(REPOSITORY)


@pytest.mark.parametrize(
    "file",
    [
        "README.md",
        "constraints.txt",
        "function/README.md",
        "function/__main__.py",
        "function/command/arguments.py",
        "function/__pycache__/app.cpython-311.pyc",
        "function/recogniser/__pycache__/options.cpython-311.pyc",
        "function/app.py~",
        "function/.app.py.swp",
        "function/.#app.py",
        "function/#app.py#",
        "function/.idea/plugin.py",
        "function/.DS_Store",
        "function/lecture.mp4",
    ],
)
def test_what_is_not_in_the_image_does_not_change_the_digest(clone: Path, file: str) -> None:
    (clone / file).parent.mkdir(parents=True, exist_ok=True)
    (clone / file).write_text("outside of the build context")

    assert content_digest(clone) == content_digest(REPOSITORY)


@pytest.mark.parametrize(
    "file",
    [
        "function/app.py",
        "function/recogniser/faces/detector.py",
        "page/app.py",
        "page/static/page.css",
        "page/templates/base.html",
        "function/Dockerfile",
        "function/LICENSE.yunet",
        "function/requirements.lock",
        "function/requirements-build.lock",
        "function/requirements-models.lock",
    ],
)
def test_one_changed_byte_changes_the_digest(clone: Path, file: str) -> None:
    before = content_digest(clone)
    content = bytearray((clone / file).read_bytes())
    content[-1] ^= 1
    (clone / file).write_bytes(content)

    assert content_digest(clone) != before


def test_a_new_module_changes_the_digest(clone: Path) -> None:
    before = content_digest(clone)
    (clone / "function" / "recogniser" / "faces" / "module.py").touch()

    assert content_digest(clone) != before


def test_a_renamed_file_changes_the_digest(clone: Path) -> None:
    before = content_digest(clone)
    (clone / "function" / "app.py").rename(clone / "function" / "application.py")

    assert content_digest(clone) != before


def test_no_module_is_left_out_but_those_of_the_command_line() -> None:
    function = REPOSITORY / "function"
    command = {
        function / "__main__.py",
        *(function / "command").rglob("*.py"),
        *(function / "student_list").rglob("*.py"),
    }
    # Of the register it has some: tests/unit/test_packages.py says which.
    patterns = [pattern for pattern in CONTEXT if not pattern.startswith("register/")]
    modules = {file for pattern in patterns for file in REPOSITORY.glob(pattern)}
    ours = {*function.rglob("*.py"), *(REPOSITORY / "page").rglob("*.py")}
    assert {file for file in modules if file.suffix == ".py"} == ours - command


def test_docker_sees_the_files_that_the_digest_is_of() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]

    assert patterns == ["*", *(f"!{pattern}" for pattern in CONTEXT), "**/.*"]


def test_the_image_is_labelled_with_where_its_code_comes_from(prod: Program) -> None:
    assert image(prod).inputs["build"]["buildArgs"].keys() == {"REVISION", "SOURCE"}


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/school/lambdalens.git", "https://github.com/school/lambdalens"),
        (
            "https://user:secret@github.com/school/lambdalens",
            "https://github.com/school/lambdalens",
        ),
        ("git@github.com:school/lambdalens.git", "https://github.com/school/lambdalens"),
        ("ssh://git@github.com/school/lambdalens.git", "https://github.com/school/lambdalens"),
        ("/srv/git/lambdalens", "unknown"),
        ("unknown", "unknown"),
    ],
)
def test_a_label_tells_no_credentials_and_no_folder(remote: str, address: str) -> None:
    assert web_address(remote) == address


def test_outside_of_a_git_repository_the_revision_is_unknown(tmp_path: Path) -> None:
    assert build_arguments(tmp_path) == {"REVISION": "unknown", "SOURCE": "unknown"}


@pytest.mark.parametrize(
    ("lock", "pins"),
    [
        ("requirements.lock", "constraints.txt"),
        ("requirements-build.lock", "constraints.txt"),
        ("requirements-models.lock", "function/requirements-models.txt"),
    ],
)
def test_the_image_installs_what_the_tests_ran_with(lock: str, pins: str) -> None:
    """The lock files pin the same versions, with hashes besides."""
    lines = (REPOSITORY / pins).read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("#")[0].strip() for line in lines}
    text = (REPOSITORY / "function" / lock).read_text(encoding="utf-8")
    requirements = re.findall(r"^(\S+==\S+(?: ;.*?)?) \\\n +--hash=sha256:", text, re.MULTILINE)
    assert len(requirements) == text.count("==")
    assert set(requirements) <= pinned


def test_the_dockerfile_runs_the_handler_without_privileges() -> None:
    dockerfile = (REPOSITORY / "function" / "Dockerfile").read_text(encoding="utf-8")
    assert 'CMD ["function.app.handler"]' in dockerfile
    assert 'ENTRYPOINT ["python", "-m", "awslambdaric"]' in dockerfile
    (user,) = re.findall(r"^USER (\S+)$", dockerfile, flags=re.MULTILINE)
    assert user.partition(":")[0] not in ("0", "root")
