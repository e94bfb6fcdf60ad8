"""Who does not have this run's key is let in nowhere, and who has it makes no functions.

The attacks are those of a program that asks without a key or with a wrong one, of a page in a
browser, and of another user of the machine.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from playwright.sync_api import sync_playwright

from local.up import ENVIRONMENT_FILE, _publish
from stacks.embedded_aws import AccessKey, embedded_aws_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws import LocalAws

CHROMIUM = shutil.which("chromium")
REQUIRED = "LAMBDALENS_REQUIRE_CHROMIUM" in os.environ
OTHERS_PYTHON = shutil.which("python3", path=os.defpath)
"""The system's: the one that runs the tests may be in a home that nobody else may enter."""
REGION = "us-east-1"
FUNCTIONS = "/2015-03-31/functions"
_LISTENING = "0A"
KEY = "attacked"
FORGED = (
    "AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/{service}/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64
)


@pytest.fixture
def attacked(aws: LocalAws) -> Iterator[LocalAws]:
    """Put something there to be lost, and see that nothing was lost or won."""
    bucket = aws.outputs.gallery_bucket
    aws.client("s3").put_object(Bucket=bucket, Key=KEY, Body=b"still here")
    before = _state(aws)
    yield aws
    assert aws.client("s3").get_object(Bucket=bucket, Key=KEY)["Body"].read() == b"still here"
    assert _state(aws) == before
    aws.client("s3").delete_object(Bucket=bucket, Key=KEY)


def _state(aws: LocalAws) -> object:
    functions = aws.client("lambda").list_functions()["Functions"]
    buckets = aws.client("s3").list_buckets()["Buckets"]
    logs = aws.client("logs").describe_log_streams(logGroupName=aws.outputs.log_group)
    return (
        [(each["FunctionName"], each.get("Environment"), each["CodeSha256"]) for each in functions],
        [each["Name"] for each in buckets],
        # A run would have left a line of the log.
        [each.get("lastEventTimestamp") for each in logs["logStreams"]],
    )


def client(aws: LocalAws, service: str, key: AccessKey, **options: Any) -> Any:  # noqa: ANN401
    """Return a client with another key."""
    session = embedded_aws_session(REGION, key)
    return session.client(service, endpoint_url=aws.endpoint_url, **options)  # type: ignore[call-overload]


def ask(
    aws: LocalAws, method: str, path: str, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Ask as any program can."""
    connection = http.client.HTTPConnection(aws.endpoint_url.removeprefix("http://"), timeout=20)
    connection.request(
        method, path, None, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/health"),
        ("GET", "/_ministack/ready"),
        ("GET", "/_localstack/health"),
        ("GET", "/health"),
        ("GET", "/"),
        ("GET", f"{FUNCTIONS}/"),
        ("POST", FUNCTIONS),
        ("OPTIONS", "/"),
        ("OPTIONS", "/_ministack/reset"),
    ],
)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": FORGED.format(key="test", service="lambda")},
        {"Authorization": FORGED.format(key="000000000000", service="lambda")},
        {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"},
        {"Origin": "null"},
    ],
    ids=["no key", "the emulator's key", "the root user's", "a page's preflight", "a file's"],
)
def test_nothing_is_answered_without_a_signature(
    attacked: LocalAws, method: str, path: str, headers: dict[str, str]
) -> None:
    status, answered, _ = ask(attacked, method, path, X_Amz_Date="20260101T000000Z", **headers)

    assert status == 403
    assert not [name for name in answered if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(
    "key",
    [
        AccessKey(key_id="test", secret="test"),  # noqa: S106 - what the emulator takes by itself
        AccessKey(key_id="000000000000", secret="test"),  # noqa: S106 - likewise
        AccessKey(key_id="111111111111", secret="test"),  # noqa: S106 - likewise
        AccessKey.random(),
    ],
    ids=["test", "root", "another account's root", "another run's"],
)
@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("s3", "list_buckets"),
        ("sqs", "list_queues"),
        ("dynamodb", "list_tables"),
        ("iam", "list_roles"),
        ("lambda", "list_functions"),
        ("cloudwatch", "list_metrics"),
        ("logs", "describe_log_groups"),
        ("sts", "get_caller_identity"),
    ],
)
def test_other_keys_are_refused_in_each_services_own_form(
    aws: LocalAws, key: AccessKey, service: str, operation: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(client(aws, service, key), operation)()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in {400, 403}
    assert not refused.value.response["Error"]["Code"].isdigit()


def test_the_key_with_another_secret_is_refused(aws: LocalAws) -> None:
    key = AccessKey(key_id=aws.administrator.key_id, secret=AccessKey.random().secret)
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client(aws, "s3", key).list_buckets()


@pytest.mark.parametrize(
    "header", [{"Host": "rebound.example:4566"}, {"Host": "127.0.0.1"}, {"Origin": "null"}]
)
def test_a_page_and_a_rebound_name_are_refused_even_with_the_signature(
    aws: LocalAws, header: dict[str, str]
) -> None:
    s3 = aws.client("s3")

    def change(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        for name, value in header.items():
            request.headers[name] = value

    s3 = client(aws, "s3", aws.administrator)
    s3.meta.events.register("before-sign.s3", change)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_buckets()


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        (
            "create_function",
            {
                "Role": "arn:aws:iam::000000000000:role/any",
                "Code": {"ZipFile": b"PK"},
                "Runtime": "python3.12",
                "Handler": "a.b",
            },
        ),
        ("update_function_code", {"ZipFile": b"PK"}),
        ("update_function_configuration", {"Environment": {"Variables": {"A": "B"}}}),
        ("delete_function", {}),
        ("put_function_concurrency", {"ReservedConcurrentExecutions": 0}),
        (
            "add_permission",
            {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*"},
        ),
    ],
)
def test_only_who_deploys_makes_and_changes_functions(
    attacked: LocalAws, operation: str, arguments: dict[str, Any]
) -> None:
    lambda_ = client(attacked, "lambda", attacked.administrator)
    with pytest.raises(ClientError, match="by the program that deploys the stack only"):
        getattr(lambda_, operation)(FunctionName=attacked.outputs.function_name, **arguments)


@pytest.mark.parametrize("path", ["_ministack/reset", "_MiniStack/config", "_localstack/x"])
@pytest.mark.parametrize("deploys", [False, True])
def test_the_emulators_management_is_closed_to_all(
    attacked: LocalAws, path: str, *, deploys: bool
) -> None:
    s3 = (attacked.deployer if deploys else attacked.account).client("s3")
    bucket, key = path.split("/")
    with pytest.raises(ClientError):
        s3.create_multipart_upload(Bucket=bucket, Key=key)  # a POST


def _page_host(aws: LocalAws) -> str:
    return aws.outputs.page_url.removeprefix("http://")


def _sign_in_paths(aws: LocalAws) -> list[tuple[str, str]]:
    return [
        ("GET", "/oauth2/authorize?response_type=code&client_id=unknown"),
        ("GET", "/logout?client_id=unknown&logout_uri=x"),
        ("POST", "/oauth2/token"),
        ("POST", "/login"),
        ("GET", f"/{aws.outputs.user_pool_id}/.well-known/jwks.json"),
    ]


def test_who_signs_in_needs_no_key_for_that(attacked: LocalAws) -> None:
    own = attacked.endpoint_url
    for method, path in _sign_in_paths(attacked):
        assert ask(attacked, method, path)[0] in {200, 400}
        assert ask(attacked, method, path, Origin=own)[0] in {200, 400}
        for origin in (attacked.outputs.page_url, "http://localhost:3000", "null"):
            assert ask(attacked, method, path, Origin=origin)[0] == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/login"),
        ("PUT", "/login"),
        ("POST", "/login/"),
        ("POST", "//login"),
        ("POST", "/%6cogin"),
        ("POST", "/oauth2/authorize"),
        ("GET", "/oauth2/userInfo"),
        ("GET", "/bucket/.well-known/jwks.json"),
        ("GET", "/us-east-1_x/y/.well-known/jwks.json"),
        ("POST", "/login/../_ministack/reset"),
    ],
)
def test_what_only_looks_like_signing_in_needs_a_key(
    attacked: LocalAws, method: str, path: str
) -> None:
    assert ask(attacked, method, path, Origin=attacked.endpoint_url)[0] == 403
    assert ask(attacked, method, path)[0] == 403


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        *("/_ministack/reset", "/_localstack/health", "/health", "/oauth2/token", "/login"),
        *(FUNCTIONS, "/v2/email/identities", "/_aws/execute-api/x/y", f"/bucket/{KEY}"),
    ],
)
def test_the_name_of_the_page_leads_to_the_page_alone(
    attacked: LocalAws, method: str, path: str
) -> None:
    # Its own for what is nowhere; of a preflight, the API's, which lets nobody in.
    status, headers, body = ask(attacked, method, path, Host=_page_host(attacked))
    assert (b"CORS not configured" if method == "OPTIONS" else b"LambdaLens") in body
    assert status >= 400
    assert "Access-Control-Allow-Origin" not in headers


def test_other_names_and_pages_get_nothing_of_the_page(attacked: LocalAws) -> None:
    host = _page_host(attacked)
    api, _, rest = host.partition(".")
    unknown = "0" * len(api) if api != "0" * len(api) else "1" * len(api)
    for name in (f"{unknown}.{rest}", f"x.{host}", host.rpartition(":")[0], f"{host}0"):
        assert ask(attacked, "GET", "/", Host=name)[0] == 403
    for origin in ("http://localhost:3000", "null", attacked.endpoint_url, f"https://{host}"):
        for method in ("GET", "POST", "OPTIONS"):
            assert ask(attacked, method, "/", Host=host, Origin=origin)[0] == 403
    assert ask(attacked, "GET", "/auth/signed-out", Host=host)[0] == 200


def test_the_page_may_use_presigned_addresses_of_its_bucket_and_no_more(
    attacked: LocalAws,
) -> None:
    origin, bucket = attacked.outputs.page_url, attacked.outputs.input_bucket
    preflight = {"Origin": origin, "Access_Control_Request_Method": "PUT"}
    status, headers, _ = ask(attacked, "OPTIONS", f"/{bucket}/x", **preflight)
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, origin)
    for path in ("/_ministack/reset", "/%5fministack/reset", "/health"):
        assert ask(attacked, "OPTIONS", path, **preflight)[0] == 403
    other = ask(attacked, "OPTIONS", f"/{attacked.outputs.gallery_bucket}/{KEY}", **preflight)
    assert "Access-Control-Allow-Origin" not in other[1]

    s3 = client(attacked, "s3", attacked.administrator, config=Config(signature_version="s3v4"))
    where = {"Bucket": attacked.outputs.gallery_bucket, "Key": KEY}
    path = s3.generate_presigned_url("get_object", Params=where).removeprefix(attacked.endpoint_url)
    assert ask(attacked, "GET", path, Origin=origin)[0] == 200
    assert ask(attacked, "GET", path, Origin=f"{origin}0")[0] == 403
    for method in ("GET", "PUT", "DELETE"):
        assert ask(attacked, method, f"/{bucket}/{KEY}", Origin=origin)[0] == 403


def test_services_that_the_stack_is_not_made_of_are_off(aws: LocalAws) -> None:
    streams = client(aws, "kinesis", aws.administrator, config=Config(retries={}))
    with pytest.raises(ClientError):
        streams.list_streams()


def test_a_role_is_let_in_with_its_own_credentials_only(aws: LocalAws) -> None:
    role = aws.client("lambda").get_function_configuration(FunctionName=aws.outputs.function_name)[
        "Role"
    ]
    given = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    secret, token = given["SecretAccessKey"], given["SessionToken"]

    def identity(secret: str, token: str | None) -> str:
        key = AccessKey(key_id=given["AccessKeyId"], secret=secret)
        sts = client(
            aws,
            "sts",
            key,
            aws_access_key_id=key.key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )
        return str(sts.get_caller_identity()["Arn"])

    assert ":assumed-role/" in identity(secret, token)
    for wrong in ((secret[::-1], token), (secret, token[::-1]), (secret, None)):
        with pytest.raises(ClientError):
            identity(*wrong)


def test_presigned_urls_are_for_who_has_them_and_for_what_they_say(attacked: LocalAws) -> None:
    s3 = client(attacked, "s3", attacked.administrator, config=Config(signature_version="s3v4"))
    where = {"Bucket": attacked.outputs.gallery_bucket, "Key": KEY}
    path = s3.generate_presigned_url("get_object", Params=where).removeprefix(attacked.endpoint_url)

    assert ask(attacked, "GET", path)[::2] == (200, b"still here")
    assert ask(attacked, "DELETE", path)[0] == 403
    assert ask(attacked, "GET", path.replace(KEY, "encodings.npz"))[0] == 403
    assert ask(attacked, "GET", f"{path}0")[0] == 403


def test_another_body_than_the_signed_one_is_not_stored(attacked: LocalAws) -> None:
    s3 = client(
        attacked, "s3", attacked.administrator, config=Config(retries={"total_max_attempts": 1})
    )

    def change(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        request.body = b"what was forged"

    s3.meta.events.register("before-send.s3", change)
    with pytest.raises(ClientError, match="XAmzContentSHA256Mismatch"):
        s3.put_object(Bucket=attacked.outputs.gallery_bucket, Key=KEY, Body=b"what was signed")


def test_the_gate_is_the_only_port_of_its_process(aws: LocalAws) -> None:
    ports = _ports_of(aws._process.pid)
    assert [f"http://127.0.0.1:{port}" for port in ports] == [aws.endpoint_url]


def _ports_of(process: int) -> list[int]:
    """List the ports that a process listens on."""
    own = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed while we looked
            own.add(str(descriptor.readlink()))
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return [
        int(line[1].rpartition(":")[2], 16)
        for line in lines
        if line[3] == _LISTENING and f"socket:[{line[9]}]" in own
    ]


@contextmanager
def _website(folder: Path) -> Iterator[str]:
    """Serve a folder, as some other program on this machine does; yield its origin."""
    handler = partial(_Silent, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


_IN_A_PAGE = """async (attacks) => {
    const seen = [];
    for (const [url, options] of attacks) {
        try {
            const answer = await fetch(url, options);
            seen.push([answer.type, await answer.text()]);
        } catch (error) {
            seen.push(["refused", ""]);
        }
    }
    return seen;
}"""


@pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no chromium on the PATH")
def test_a_page_in_a_browser_reads_writes_resets_and_invokes_nothing(
    attacked: LocalAws, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>a page</title>")
    port = attacked.endpoint_url.rpartition(":")[2]
    function = f"{FUNCTIONS}/{attacked.outputs.function_name}"
    stolen = {"Authorization": FORGED.format(key="test", service="lambda")}
    zipped = {"FunctionName": "evil", "Runtime": "python3.12", "Code": {"ZipFile": ""}}
    servers = _ports_of(os.getpid())  # the hook and the workers' Runtime APIs
    # Each as a plain request, with a preflight, and as one whose answer the page may not read.
    attacks: list[tuple[str, dict[str, Any]]] = []
    for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
        bucket = f"http://{host}/{attacked.outputs.gallery_bucket}"
        for mode in ("cors", "no-cors"):
            attacks += [
                (f"http://{host}/", {"mode": mode}),
                (f"{bucket}/{KEY}", {"mode": mode}),
                (f"http://{host}/_ministack/health", {"mode": mode}),
                (f"http://{host}/_ministack/reset", {"mode": mode, "method": "POST"}),
                (f"http://{host}{function}/invocations", {"mode": mode, "method": "POST"}),
                (
                    f"http://{host}{FUNCTIONS}",
                    {"mode": mode, "method": "POST", "body": json.dumps(zipped)},
                ),
            ]
        attacks += [
            (f"{bucket}/{KEY}", {"method": "PUT", "body": "written by a page"}),
            (f"{bucket}/{KEY}", {"method": "DELETE", "headers": stolen}),
            (f"http://{host}{FUNCTIONS}", {"method": "POST", "headers": stolen, "body": "{}"}),
        ]
    for method, path in _sign_in_paths(attacked):
        for mode in ("cors", "no-cors"):
            attacks.append((f"{attacked.endpoint_url}{path}", {"mode": mode, "method": method}))
    for path in ("/", "/auth/sign-out", "/_ministack/reset"):
        for mode in ("cors", "no-cors"):
            place = f"{attacked.outputs.page_url}{path}"
            attacks += [(place, {"mode": mode}), (place, {"mode": mode, "method": "POST"})]
    assert len(servers) >= 2
    for each in servers:
        for mode in ("cors", "no-cors"):
            place = f"http://127.0.0.1:{each}"
            event = {"mode": mode, "method": "POST", "body": "{}"}
            attacks += [
                (f"{place}/{attacked.outputs.function_name}", event),
                (f"{place}/2018-06-01/runtime/init/error", event),
            ]

    with sync_playwright() as playwright, _website(tmp_path) as origin:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM or "chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(origin)
        seen = page.evaluate(_IN_A_PAGE, attacks)
        # A link that is followed has no Origin.
        answer = page.goto(f"{attacked.endpoint_url}/{attacked.outputs.gallery_bucket}/{KEY}")
        browser.close()

    assert len(seen) == len(attacks)
    assert {(kind, text) for kind, text in seen} <= {("refused", ""), ("opaque", "")}
    assert answer is not None
    assert answer.status == 403


_AS_ANOTHER_USER = """
import http.client, json, os, sys
port, servers, process, folder, files, function = json.load(sys.stdin)

def ask(port, method, path, body=None, headers={}):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):  # the latter from a port that speaks no HTTP/1
        return "no answer"

def read(path):
    try:
        with open(path, "rb") as file:
            return len(file.read())
    except OSError as error:
        return type(error).__name__

forged = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, "
                     "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64,
    "X-Amz-Date": "20260101T000000Z",
}
code = json.dumps({"FunctionName": "evil", "Runtime": "python3.12", "Handler": "a.b",
                   "Role": "arn:aws:iam::000000000000:role/r", "Code": {"ZipFile": ""}})
found = {
    "user": os.getuid(),
    "create": [ask(port, "POST", "/2015-03-31/functions", code, h) for h in ({}, forged)],
    "invoke": [ask(port, "POST", f"/2015-03-31/functions/{function}/invocations", "{}", h)
               for h in ({}, forged)],
    "reset": ask(port, "POST", "/_ministack/reset"),
    "buckets": ask(port, "GET", "/"),
    "files": [read(file) for file in files],
    "environment": read(f"/proc/{process}/environ"),
    "events": [ask(each, "GET", "/2018-06-01/runtime/invocation/next") for each in servers],
    "hook": [ask(each, "POST", f"/{function}", "{}") for each in servers],
}
try:
    found["folder"] = os.listdir(folder)
except OSError as error:
    found["folder"] = type(error).__name__
print(json.dumps(found))
"""


@pytest.mark.skipif(
    os.getuid() != 0 or OTHERS_PYTHON is None,
    reason="only root can be another user, and that one needs a Python of the system's",
)
def test_another_user_of_the_machine_gets_in_nowhere(attacked: LocalAws) -> None:
    with tempfile.TemporaryDirectory() as public:
        Path(public).chmod(0o755)
        note = Path(public) / "stack.json"
        _publish(attacked, note)
        files = [note, note.with_name(ENVIRONMENT_FILE)]
        assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
        asked = subprocess.run(
            [OTHERS_PYTHON or "", "-I", "-S", "-c", _AS_ANOTHER_USER],
            input=json.dumps(
                [
                    int(attacked.endpoint_url.rpartition(":")[2]),
                    _ports_of(os.getpid()),
                    attacked._process.pid,
                    str(attacked.lifeline.folder),
                    [str(file) for file in files],
                    attacked.outputs.function_name,
                ]
            ),
            capture_output=True,
            check=True,
            cwd="/",
            text=True,
            user="nobody",
            group="nogroup",
            extra_groups=[],
        )
    found = json.loads(asked.stdout)

    assert found.pop("user") != 0
    events, hook = found.pop("events"), found.pop("hook")
    assert found == {
        "create": [403, 403],
        "invoke": [403, 403],
        "reset": 403,
        "buckets": 403,
        "files": ["PermissionError", "PermissionError"],
        "folder": "PermissionError",
        "environment": "PermissionError",
    }
    # The hook's port, and one for each worker. Other tests of this process may have left gRPC's.
    assert min(events.count(404), hook.count(404)) >= 2
    assert {*events, *hook} <= {404, "no answer"}


def test_the_shells_file_lets_its_user_in(aws: LocalAws, tmp_path: Path) -> None:
    _publish(aws, tmp_path / "stack.json")
    program = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    shell = subprocess.run(
        ["/bin/sh", "-c", f". ./{ENVIRONMENT_FILE} && exec '{sys.executable}' -c \"{program}\""],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={"PATH": os.defpath, "AWS_PROFILE": "none", "AWS_SESSION_TOKEN": "the user's own"},
        text=True,
    )
    assert shell.stdout == "arn:aws:iam::000000000000:root\n"
