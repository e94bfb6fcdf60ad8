"""Lambda's runtime client, for a Runtime API whose address has a path.

All that it says goes to such an address as it should, but for an error of the initialisation: the
one request that it makes in Python, with the address as host and port. That is mended here.
"""

from __future__ import annotations

import http.client
import os
import sys
from typing import Any

from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient, LambdaRuntimeClientError
from awslambdaric.lambda_runtime_marshaller import to_json


# The package has no types.
class _RuntimeClient(LambdaRuntimeClient):  # type: ignore[misc]
    def call_rapid(
        self,
        http_method: str,
        endpoint: str,
        expected_http_code: int,
        payload: object = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        host, _, path = str(self.lambda_runtime_address).partition("/")
        connection = http.client.HTTPConnection(host)
        body: Any = None if http_method == "GET" else to_json(payload)
        connection.request(http_method, f"/{path}{endpoint}", body, headers or {})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != expected_http_code:
            raise LambdaRuntimeClientError(endpoint, answer.status, said)


if __name__ == "__main__":
    bootstrap.run(sys.argv[1], _RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"]))
