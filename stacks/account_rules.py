"""What an account asks of every resource in it: tags of its own, and a boundary for every role.

It is done to all resources of the program at once, so that none can be forgotten. What a component
says itself stays: the tags that name the project and the stack are not replaced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from stacks.settings import StackSettings


def keep_account_rules(settings: StackSettings) -> None:
    """Apply `extraTags` and `permissionsBoundary` to what is registered from now on."""

    def apply(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        changed: dict[str, object] = {}
        if settings.extra_tags and "tags" in args.props:
            changed["tags"] = dict(settings.extra_tags) | dict(args.props["tags"] or {})  # type: ignore[arg-type]
        if settings.permissions_boundary and args.type_ == "aws:iam/role:Role":
            changed["permissions_boundary"] = settings.permissions_boundary
        if not changed:
            return None
        return pulumi.ResourceTransformationResult({**args.props, **changed}, args.opts)

    if settings.extra_tags or settings.permissions_boundary:
        pulumi.runtime.register_stack_transformation(apply)
