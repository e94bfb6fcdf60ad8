"""LambdaLens: a video put into the input bucket becomes a CSV of who was seen in it.

Pulumi runs this program for a stack. It composes the components in `stacks/`, and exports the
names that people and commands need to use what was deployed.
"""

from __future__ import annotations

import pulumi

from stacks.account_rules import keep_account_rules
from stacks.buckets import GALLERY_KEY, Buckets
from stacks.budget import Budget
from stacks.data_events import DataEvents
from stacks.deployer import deployer_policy
from stacks.deployment_roles import DeploymentRoles
from stacks.function_image import FunctionImage
from stacks.keep_alive import KeepAlive
from stacks.long_videos import LongVideos
from stacks.monitoring import Monitoring
from stacks.people import PeoplePolicies, people_documents
from stacks.recogniser import Recogniser
from stacks.settings import StackSettings, region_from_config
from stacks.students_table import StudentsTable
from stacks.teachers_page import TeachersPage
from stacks.trigger import Trigger

settings = StackSettings.from_config(pulumi.Config())
region = region_from_config()
keep_account_rules(settings)

buckets = Buckets("lambdalens", settings)
students = StudentsTable("lambdalens-students", settings).table
image = FunctionImage(
    "lambdalens", settings, functions=["lambdalens-recogniser", "lambdalens-page"]
)
recogniser = Recogniser(
    "lambdalens-recogniser",
    settings,
    image_uri=image.uri,
    buckets=buckets,
    students=students,
    region=region,
)
buckets.keep_gallery_to_readers(recogniser.role.arn)
long_videos = LongVideos("lambdalens-long-videos", settings, recogniser=recogniser, region=region)
Trigger(
    "lambdalens-trigger",
    bucket=buckets.input,
    alias=recogniser.alias,
    invocation=recogniser.invocation,
    long_videos=long_videos.machine,
)
KeepAlive("lambdalens-keep-alive", invoked_arn=recogniser.alias.arn)
monitoring = Monitoring(
    "lambdalens", settings, recogniser=recogniser, long_videos=long_videos, region=region
)
if settings.monthly_budget:
    Budget("lambdalens", settings)
page = None
if settings.teachers_page:
    page = TeachersPage(
        "lambdalens-page",
        settings,
        image_uri=image.uri,
        buckets=buckets,
        students=students,
        region=region,
    )
image.forget_old_ones(once=[recogniser.alias] + ([page.function] if page else []))
if settings.data_events:
    DataEvents("lambdalens-data-events", settings, buckets=buckets, region=region)
people = people_documents(
    settings,
    buckets,
    students,
    recogniser,
    log_groups=[recogniser.log_group] + ([page.log_group] if page else []),
)
policies = PeoplePolicies("lambdalens", people).arns if settings.people_policies else {}
github = None
if settings.github_repository:
    github = DeploymentRoles("lambdalens-github", settings, region=region)

pulumi.export("inputBucket", buckets.input.id)
pulumi.export("outputBucket", buckets.output.id)
pulumi.export("galleryBucket", buckets.gallery.id)
pulumi.export("galleryKey", GALLERY_KEY)
pulumi.export("looksBucket", buckets.looks.id)
pulumi.export("studentsTable", students.name)
pulumi.export("functionName", recogniser.function.name)
pulumi.export("functionAlias", recogniser.alias.name)
pulumi.export("functionVersion", recogniser.alias.function_version)
pulumi.export("repositoryUrl", image.repository.repository_url)
pulumi.export("imageUri", image.uri)
pulumi.export("imageDigest", image.digest)
pulumi.export("longVideosArn", long_videos.machine.arn)
pulumi.export("failuresQueueUrl", recogniser.failures.url)
pulumi.export("logGroup", recogniser.log_group.name)
pulumi.export("dashboardUrl", monitoring.dashboard_url)
pulumi.export("requireConsent", settings.require_consent)
for person, policy in people.items():
    pulumi.export(f"{person}Policy", policy)
pulumi.export("deployerPolicy", deployer_policy(settings, region=region))
pulumi.export("peoplePolicies", policies)
pulumi.export("previewRoleArn", github.preview if github else "")
pulumi.export("deployRoleArn", github.deploy if github else "")
pulumi.export("githubOidcProvider", github.provider if github else "")
pulumi.export("pageUrl", page.url if page else "")
pulumi.export("userPoolId", page.user_pool.id if page else "")
pulumi.export("region", region)
