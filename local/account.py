"""The embedded AWS account: where it is, and clients with one of its access keys."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from local.emulator import REGION
from stacks.embedded_aws import embedded_aws_session

if TYPE_CHECKING:
    import boto3

    from stacks.embedded_aws import AccessKey


class Account:
    """A key's access to the embedded AWS. One client for each service, for all threads."""

    def __init__(self, endpoint_url: str, access_key: AccessKey) -> None:
        self.endpoint_url = endpoint_url
        self._access_key = access_key
        self.region = REGION
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self.account_id: str = self.client("sts").get_caller_identity()["Account"]

    def session(self) -> boto3.Session:
        """Return a session with the key."""
        return embedded_aws_session(self.region, self._access_key)

    def client(self, service: str) -> Any:  # noqa: ANN401 - the type depends on the service
        """Return the key's boto3 client for a service."""
        # Clients may be shared between threads; making them may not.
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self.session().client(
                    service,  # type: ignore[call-overload]
                    endpoint_url=self.endpoint_url,
                )
            return self._clients[service]
