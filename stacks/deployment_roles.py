"""The roles that GitHub Actions take to preview and to deploy, without any key that is kept there.

GitHub signs a token for each job, which says of which repository it is and what it runs for; AWS
gives a role for it (https://docs.github.com/en/actions/security-for-github-actions/
security-hardening-your-deployments/configuring-openid-connect-in-amazon-web-services). What the
token says is compared as a whole, with no wildcard: a job of another repository, of another branch
than main, or of another stack's environment gets neither role.

A pull request may come from anybody who may open one, so its role reads, and reads no object, no
record and no log; a job on main has it, too, to ask what the daily scan of the image found. Who may
deploy is for the rules of the GitHub environment, which is named for the
stack, to say.

The first deployment makes the roles, and so is an administrator's. An account has one provider of
GitHub's tokens, for all stacks and projects in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import iam

from stacks.component import Component
from stacks.deployer import GITHUB, deployer_policy

if TYPE_CHECKING:
    from stacks.settings import StackSettings

AUDIENCE = "sts.amazonaws.com"


class DeploymentRoles(Component):
    """The ARNs of the `preview` and the `deploy` role, and of the `provider` they trust."""

    def __init__(self, name: str, settings: StackSettings, *, region: str) -> None:
        super().__init__(name)
        self._name = name
        self._children = pulumi.ResourceOptions(parent=self)
        self.provider = pulumi.Output.from_input(
            settings.github_oidc_provider
            or iam.OpenIdConnectProvider(
                name,
                url=f"https://{GITHUB}",
                client_id_lists=[AUDIENCE],
                opts=self._children,
            ).arn
        )
        repository = f"repo:{settings.github_repository}"
        self.preview = self._role(
            "preview",
            "Previews LambdaLens for pull requests.",
            subjects=[f"{repository}:pull_request", f"{repository}:ref:refs/heads/main"],
            policy=deployer_policy(settings, region=region, only_reads=True),
        )
        self.deploy = self._role(
            "deploy",
            "Deploys LambdaLens.",
            subjects=[f"{repository}:environment:{pulumi.get_stack()}"],
            policy=deployer_policy(settings, region=region),
        )
        self.register_outputs({"preview": self.preview, "deploy": self.deploy})

    def _role(
        self, what: str, description: str, *, subjects: list[str], policy: pulumi.Output[str]
    ) -> pulumi.Output[str]:
        trust = {
            "Effect": "Allow",
            "Principal": {"Federated": self.provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {f"{GITHUB}:aud": AUDIENCE, f"{GITHUB}:sub": subjects},
            },
        }
        role = iam.Role(
            f"{self._name}-{what}",
            description=description,
            assume_role_policy=pulumi.Output.json_dumps(
                {"Version": "2012-10-17", "Statement": [trust]}
            ),
            opts=self._children,
        )
        iam.RolePolicy(f"{self._name}-{what}", role=role.name, policy=policy, opts=self._children)
        return role.arn
