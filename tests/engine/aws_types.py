"""The types of AWS resources that the program registers, all but functions.

Whatever is set on something else as a whole, such as a bucket's policy, is changed by setting it
again; the rest has a call of AWS's for it. Reading says whether a resource is there, and no more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.engine.made_locally import made_locally
from tests.engine.resource_type import ResourceType, if_there, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.account import Account
    from local.resources.request import Created

    Properties = Mapping[str, Any]


class AwsTypes:
    """The types, in an account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._s3 = account.client("s3")
        self._iam = account.client("iam")
        self._sqs = account.client("sqs")
        self._sns = account.client("sns")
        self._logs = account.client("logs")
        self._cloudwatch = account.client("cloudwatch")
        self._dynamodb = account.client("dynamodb")

    def table(self) -> dict[str, ResourceType]:
        """Return each type under its token."""
        return {
            **self._of_buckets(),
            **self._of_watching(),
            **self._of_costs(),
            **self._of_trails(),
            **self._of_the_rest(),
        }

    def _of_buckets(self) -> dict[str, ResourceType]:
        s3 = self._s3
        on_bucket: dict[str, tuple[Callable[[str], Any], Callable[[str], Any]]] = {
            "bucketPublicAccessBlock:BucketPublicAccessBlock": (
                lambda bucket: s3.get_public_access_block(Bucket=bucket),
                lambda bucket: s3.delete_public_access_block(Bucket=bucket),
            ),
            "bucketOwnershipControls:BucketOwnershipControls": (
                lambda bucket: s3.get_bucket_ownership_controls(Bucket=bucket),
                lambda bucket: s3.delete_bucket_ownership_controls(Bucket=bucket),
            ),
            "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
                lambda bucket: s3.get_bucket_encryption(Bucket=bucket),
                lambda bucket: s3.delete_bucket_encryption(Bucket=bucket),
            ),
            "bucketVersioning:BucketVersioning": (
                lambda bucket: s3.get_bucket_versioning(Bucket=bucket),
                lambda bucket: s3.put_bucket_versioning(
                    Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}
                ),
            ),
            "bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
                lambda bucket: s3.get_bucket_lifecycle_configuration(Bucket=bucket),
                lambda bucket: s3.delete_bucket_lifecycle(Bucket=bucket),
            ),
            "bucketPolicy:BucketPolicy": (
                lambda bucket: s3.get_bucket_policy(Bucket=bucket),
                lambda bucket: s3.delete_bucket_policy(Bucket=bucket),
            ),
        }
        kinds = {
            f"aws:s3/{kind}": self._set_on_bucket(f"aws:s3/{kind}", read, delete)
            for kind, (read, delete) in on_bucket.items()
        }
        notification = "aws:s3/bucketNotification:BucketNotification"
        kinds[notification] = replace(
            self._set_again(
                notification,
                read=lambda id_, _: s3.get_bucket_notification_configuration(Bucket=id_),
                delete=lambda id_, _: self._no_notification(id_),
                replaced_by={"bucket"},
            ),
            update=self._change_notification,
        )
        bucket = "aws:s3/bucket:Bucket"
        kinds[bucket] = ResourceType(
            create=self._creator(bucket),
            update=lambda *_: {},  # its tags, and whether it is deleted with what is in it
            delete=self._delete_bucket,
            read=if_there(lambda id_, _: s3.head_bucket(Bucket=id_)),
            named="bucket",
            replaced_by=frozenset({"bucket"}),
        )
        return kinds

    def _set_on_bucket(
        self, kind: str, read: Callable[[str], object], delete: Callable[[str], object]
    ) -> ResourceType:
        return self._set_again(
            kind,
            read=lambda bucket, _: read(bucket),
            delete=lambda bucket, _: delete(bucket),
            replaced_by={"bucket"},
        )

    def _no_notification(self, bucket: str) -> None:
        self._s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})

    def _change_notification(self, bucket: str, _: Properties, new: Properties) -> Properties:
        self._no_notification(bucket)
        return self._creator("aws:s3/bucketNotification:BucketNotification")("", new).outputs

    def _delete_bucket(self, bucket: str, outputs: Properties) -> None:
        if outputs.get("forceDestroy"):
            pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
            for page in pages:
                for held in page.get("Versions", []) + page.get("DeleteMarkers", []):
                    self._s3.delete_object(
                        Bucket=bucket, Key=held["Key"], VersionId=held["VersionId"]
                    )
        self._s3.delete_bucket(Bucket=bucket)

    def _of_watching(self) -> dict[str, ResourceType]:
        logs, cloudwatch, sns = self._logs, self._cloudwatch, self._sns
        return {
            "aws:cloudwatch/logGroup:LogGroup": ResourceType(
                create=self._creator("aws:cloudwatch/logGroup:LogGroup"),
                update=self._change_log_group,
                delete=lambda id_, _: logs.delete_log_group(logGroupName=id_),
                read=lambda id_, _: one_of(
                    logs.describe_log_groups(logGroupNamePrefix=id_)["logGroups"], logGroupName=id_
                ),
                named="name",
                replaced_by=frozenset({"name"}),
            ),
            "aws:cloudwatch/logMetricFilter:LogMetricFilter": self._set_again(
                "aws:cloudwatch/logMetricFilter:LogMetricFilter",
                read=lambda id_, outputs: one_of(
                    logs.describe_metric_filters(logGroupName=outputs["logGroupName"])[
                        "metricFilters"
                    ],
                    filterName=id_,
                ),
                delete=lambda id_, outputs: logs.delete_metric_filter(
                    logGroupName=outputs["logGroupName"], filterName=id_
                ),
                replaced_by={"name", "logGroupName"},
                named="name",
            ),
            "aws:cloudwatch/metricAlarm:MetricAlarm": self._set_again(
                "aws:cloudwatch/metricAlarm:MetricAlarm",
                read=lambda id_, _: one_of(
                    cloudwatch.describe_alarms(AlarmNames=[id_])["MetricAlarms"], AlarmName=id_
                ),
                delete=lambda id_, _: cloudwatch.delete_alarms(AlarmNames=[id_]),
                replaced_by={"name"},
                named="name",
            ),
            "aws:cloudwatch/dashboard:Dashboard": self._set_again(
                "aws:cloudwatch/dashboard:Dashboard",
                read=lambda id_, _: cloudwatch.get_dashboard(DashboardName=id_),
                delete=lambda id_, _: cloudwatch.delete_dashboards(DashboardNames=[id_]),
                replaced_by={"dashboardName"},
            ),
            "aws:sns/topic:Topic": ResourceType(
                create=self._creator("aws:sns/topic:Topic"),
                update=lambda *_: {},
                delete=lambda id_, _: sns.delete_topic(TopicArn=id_),
                read=if_there(lambda id_, _: sns.get_topic_attributes(TopicArn=id_)),
                named="name",
                replaced_by=frozenset({"name"}),
            ),
            "aws:sns/topicSubscription:TopicSubscription": ResourceType(
                create=self._creator("aws:sns/topicSubscription:TopicSubscription"),
                update=lambda *_: {},
                delete=lambda id_, _: sns.unsubscribe(SubscriptionArn=id_),
                read=if_there(lambda id_, _: sns.get_subscription_attributes(SubscriptionArn=id_)),
                replaced_by=frozenset({"topic", "protocol", "endpoint"}),
            ),
        }

    def _of_costs(self) -> dict[str, ResourceType]:
        budgets, account_id = self._account.client("budgets"), self._account.account_id
        kind = "aws:budgets/budget:Budget"

        def change(_: str, old: Properties, new: Properties) -> Properties:
            budgets.delete_budget(AccountId=account_id, BudgetName=old["name"])
            return self._creator(kind)("", {**new, "name": old["name"]}).outputs

        return {
            kind: ResourceType(
                create=self._creator(kind),
                update=change,
                delete=lambda _, outputs: budgets.delete_budget(
                    AccountId=account_id, BudgetName=outputs["name"]
                ),
                read=if_there(
                    lambda _, outputs: budgets.describe_budget(
                        AccountId=account_id, BudgetName=outputs["name"]
                    )
                ),
                named="name",
                replaced_by=frozenset({"name"}),
            )
        }

    def _change_log_group(self, name: str, _: Properties, new: Properties) -> Properties:
        self._logs.put_retention_policy(logGroupName=name, retentionInDays=new["retentionInDays"])
        return {}

    def _of_trails(self) -> dict[str, ResourceType]:
        """Return what plans a trail, which the embedded AWS refuses to make."""
        trail = "aws:cloudtrail/trail:Trail"
        return {
            trail: ResourceType(
                create=self._creator(trail),
                update=lambda *_: {},
                delete=lambda *_: {},
                read=lambda *_: None,
                named="name",
                replaced_by=frozenset({"name"}),
            )
        }

    def _of_the_rest(self) -> dict[str, ResourceType]:
        iam, sqs, dynamodb = self._iam, self._sqs, self._dynamodb
        scheduler = self._account.client("scheduler")
        machines = self._account.client("stepfunctions")
        return {
            "aws:iam/role:Role": ResourceType(
                create=self._creator("aws:iam/role:Role"),
                update=self._change_role,
                delete=lambda id_, _: iam.delete_role(RoleName=id_),
                read=if_there(lambda id_, _: iam.get_role(RoleName=id_)),
                named="name",
                replaced_by=frozenset({"name"}),
            ),
            "aws:iam/policy:Policy": ResourceType(
                create=self._creator("aws:iam/policy:Policy"),
                update=self._change_policy,
                delete=self._delete_policy,
                read=if_there(lambda id_, _: iam.get_policy(PolicyArn=id_)),
                named="name",
                replaced_by=frozenset({"name", "description"}),
            ),
            "aws:iam/openIdConnectProvider:OpenIdConnectProvider": ResourceType(
                create=self._creator("aws:iam/openIdConnectProvider:OpenIdConnectProvider"),
                update=lambda *_: {},
                delete=lambda id_, _: iam.delete_open_id_connect_provider(
                    OpenIDConnectProviderArn=id_
                ),
                read=if_there(
                    lambda id_, _: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=id_)
                ),
                replaced_by=frozenset({"url"}),
            ),
            "aws:iam/rolePolicy:RolePolicy": self._set_again(
                "aws:iam/rolePolicy:RolePolicy",
                read=lambda _, outputs: iam.get_role_policy(
                    RoleName=outputs["role"], PolicyName=outputs["name"]
                ),
                delete=lambda _, outputs: iam.delete_role_policy(
                    RoleName=outputs["role"], PolicyName=outputs["name"]
                ),
                replaced_by={"role", "name"},
                named="name",
            ),
            "aws:sqs/queue:Queue": ResourceType(
                create=self._creator("aws:sqs/queue:Queue"),
                update=self._change_queue,
                delete=lambda id_, _: sqs.delete_queue(QueueUrl=id_),
                read=if_there(
                    lambda id_, _: sqs.get_queue_attributes(
                        QueueUrl=id_, AttributeNames=["QueueArn"]
                    )
                ),
                named="name",
                replaced_by=frozenset({"name"}),
            ),
            "aws:sqs/queuePolicy:QueuePolicy": self._set_again(
                "aws:sqs/queuePolicy:QueuePolicy",
                read=lambda id_, _: sqs.get_queue_attributes(
                    QueueUrl=id_, AttributeNames=["Policy"]
                ),
                delete=lambda id_, _: sqs.set_queue_attributes(
                    QueueUrl=id_, Attributes={"Policy": ""}
                ),
                replaced_by={"queueUrl"},
            ),
            "aws:scheduler/schedule:Schedule": ResourceType(
                create=self._creator("aws:scheduler/schedule:Schedule"),
                update=lambda *_: {},
                delete=lambda _, outputs: scheduler.delete_schedule(Name=outputs["name"]),
                read=if_there(lambda _, outputs: scheduler.get_schedule(Name=outputs["name"])),
                named="name",
                replaced_by=frozenset({"name"}),
            ),
            "aws:sfn/stateMachine:StateMachine": self._set_again(
                "aws:sfn/stateMachine:StateMachine",
                read=lambda id_, _: machines.describe_state_machine(stateMachineArn=id_),
                delete=lambda id_, _: machines.delete_state_machine(stateMachineArn=id_),
                replaced_by={"name", "type"},
                named="name",
            ),
            "aws:dynamodb/table:Table": ResourceType(
                create=self._creator("aws:dynamodb/table:Table"),
                update=self._change_table,
                delete=lambda id_, _: dynamodb.delete_table(TableName=id_),
                read=if_there(lambda id_, _: dynamodb.describe_table(TableName=id_)),
                named="name",
                replaced_by=frozenset({"name", "hashKey"}),
            ),
        }

    def _change_role(self, name: str, old: Properties, new: Properties) -> Properties:
        if boundary := new.get("permissionsBoundary"):
            self._iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
        elif old.get("permissionsBoundary"):
            self._iam.delete_role_permissions_boundary(RoleName=name)
        self._iam.update_assume_role_policy(RoleName=name, PolicyDocument=new["assumeRolePolicy"])
        return {}

    def _change_policy(self, arn: str, _: Properties, new: Properties) -> Properties:
        self._delete_versions(arn)
        self._iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=new["policy"], SetAsDefault=True
        )
        return {}

    def _delete_policy(self, arn: str, _: Properties) -> None:
        self._delete_versions(arn)
        self._iam.delete_policy(PolicyArn=arn)

    def _delete_versions(self, arn: str) -> None:
        # IAM keeps five of them, and deletes no policy that has others than the default.
        for version in self._iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                self._iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])

    def _change_queue(self, url: str, _: Properties, new: Properties) -> Properties:
        self._sqs.set_queue_attributes(
            QueueUrl=url, Attributes={"MessageRetentionPeriod": str(new["messageRetentionSeconds"])}
        )
        return {}

    def _change_table(self, name: str, _: Properties, new: Properties) -> Properties:
        self._dynamodb.update_table(
            TableName=name, DeletionProtectionEnabled=new["deletionProtectionEnabled"]
        )
        self._dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={
                "PointInTimeRecoveryEnabled": new["pointInTimeRecovery"]["enabled"]
            },
        )
        return {}

    def _creator(self, kind: str) -> Callable[[str, Properties], Created]:
        return made_locally(self._account, kind)

    def _set_again(
        self,
        kind: str,
        *,
        read: Callable[[str, Properties], object],
        delete: Callable[[str, Properties], object],
        replaced_by: set[str],
        named: str | None = None,
    ) -> ResourceType:
        """Return a type of which setting it once more is the way to change it."""
        create = self._creator(kind)

        def deleteif_there(resource_id: str, outputs: Properties) -> None:
            delete(resource_id, outputs)

        return ResourceType(
            create=create,
            update=lambda _, __, new: create("", new).outputs,
            delete=delete,
            read=if_there(read),
            named=named,
            replaced_by=frozenset(replaced_by),
            is_deleted_first=named is None,
        )
