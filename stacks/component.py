"""What every component of the stack has in common: its type token and its tags.

Tags are set here, once: a resource whose type takes tags gets the project and the stack, so that
a bill or a search in the console can be split by them. It is done on the resources, rather than on
the AWS provider, so that the embedded AWS and the tests see them too.
"""

from __future__ import annotations

import pulumi


class Component(pulumi.ComponentResource):
    """A group of resources with one purpose, `lambdalens:<module>:<Class>` to Pulumi."""

    def __init__(self, name: str) -> None:
        module = type(self).__module__.rsplit(".", maxsplit=1)[-1]
        super().__init__(
            f"lambdalens:{module}:{type(self).__name__}",
            name,
            opts=pulumi.ResourceOptions(transformations=[_tag]),
        )


def _tag(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """Add the tags to a resource whose type has an argument for them."""
    if "tags" not in args.props:
        return None
    tags = {"project": pulumi.get_project(), "stack": pulumi.get_stack()}
    return pulumi.ResourceTransformationResult({**args.props, "tags": tags}, args.opts)
