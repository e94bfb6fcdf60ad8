"""The policy pack: `pulumi preview --policy-pack policy` and `pulumi up --policy-pack policy`.

Pulumi runs this folder, and knows nothing of the package that it is.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from policy.resource import Resource
from policy.rules import RULES, STACK_RULES, Rule, StackRule

if TYPE_CHECKING:
    from collections.abc import Callable


def _of_each(rule: Rule) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: Callable[..., Any]) -> None:
        resource = Resource(kind=args.resource_type, urn=args.urn, inputs=args.props)
        if resource.is_made:
            for problem in rule.problems(resource):
                report(f"{args.name} {problem}")

    return ResourceValidationPolicy(
        name=rule.name,
        description=rule.description,
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
    )


def _of_the_stack(rule: StackRule) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: Callable[..., Any]) -> None:
        resources = [
            Resource(
                kind=each.resource_type,
                urn=each.urn,
                inputs=each.props,
                refers_to={
                    name: [it.urn for it in on] for name, on in each.property_dependencies.items()
                },
            )
            for each in args.resources
        ]
        for resource, problem in rule.problems(resources):
            report(f"{resource.urn.rpartition('::')[2]} {problem}", resource.urn)

    return StackValidationPolicy(
        name=rule.name,
        description=rule.description,
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
    )


PolicyPack(
    name="lambdalens",
    policies=[*map(_of_each, RULES), *map(_of_the_stack, STACK_RULES)],
)
