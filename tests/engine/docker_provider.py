"""The stand-in for `pulumi-resource-docker`: it builds no image, and says which digest it pushed.

The digest is that of what the image would be made of. That the real image is built and pushed, and
what a registry makes of it, is tested in `tests/image`.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from local.resources.request import Created
from tests.engine.provider import serve_provider
from tests.engine.resource_type import ResourceType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.engine.provider import Functions, Types

    Properties = Mapping[str, Any]


def configure(_: Properties) -> tuple[Types, Functions]:
    """Return what the provider has."""
    image = ResourceType(
        create=_push,
        update=lambda *_: {},
        delete=lambda *_: None,  # it is kept in the registry
        read=lambda *_: {},
        replaced_by=frozenset({"name", "build", "triggers"}),
        renewed=frozenset(),
    )
    return {"docker:index/registryImage:RegistryImage": image}, {}


def _push(_: str, inputs: Properties) -> Created:
    content = json.dumps([inputs["triggers"], inputs["build"]], sort_keys=True)
    digest = f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
    return Created(id=digest, outputs={"sha256Digest": digest})


if __name__ == "__main__":
    serve_provider("docker", configure)
