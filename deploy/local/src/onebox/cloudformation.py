"""The AWS side of the pipeline as a CloudFormation template: queues, buckets, and who may do what to them."""

from typing import Any, Final

import yaml
from common.pipeline import (
    DEAD_LETTER_RETENTION,
    INGEST,
    MAX_RECEIVE_COUNT,
    PIPELINE,
    RETENTION,
    VISIBILITY_TIMEOUT,
    Stage,
    dead_letter_name,
)

from onebox.access import POLICIES, arn_of, logical

Json = dict[str, Any]

HEAD: Final = "# Generated from common/pipeline.py by `make contracts`; change it there.\n"
BUCKETS: Final = ("audio", "transcripts")
NO_VALUE: Final = {"Ref": "AWS::NoValue"}


def text() -> str:
    """The template as YAML."""
    return HEAD + yaml.dump(template(), Dumper=_Plain, sort_keys=False, width=110)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """CloudFormation knows no YAML aliases."""
        return True


def template() -> Json:
    """The template as a document."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Callstream: queues, buckets, and one least-privilege role per workload",
        "Parameters": PARAMETERS,
        "Conditions": {
            "HasCluster": {"Fn::Not": [{"Fn::Equals": [{"Ref": "ClusterName"}, ""]}]},
            "HasPage": {"Fn::Not": [{"Fn::Equals": [{"Ref": "PageOrigin"}, ""]}]},
            "RecordingsExpire": {"Fn::Not": [{"Fn::Equals": [{"Ref": "RecordingDays"}, 0]}]},
        },
        "Resources": _resources(),
        "Outputs": _outputs(),
    }


PARAMETERS: Final[Json] = {
    "Prefix": {
        "Type": "String",
        "Default": "callstream",
        "AllowedPattern": "[a-z][a-z0-9-]{1,24}",
        "Description": "What every name starts with; one for each environment",
    },
    "RecordingDays": {
        "Type": "Number",
        "Default": 0,
        "MinValue": 0,
        "Description": "Days after which a recording is deleted; 0 keeps it",
    },
    "OpenSearchDomain": {
        "Type": "String",
        "Default": "callstream",
        "Description": "The domain that may be searched and written to, where OPENSEARCH_AUTH=aws",
    },
    "PageOrigin": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": "(https?://[^/]+)?",
        "Description": "Where browsers have the page from, as PUBLIC_URL says: it uploads large recordings in"
        " parts, straight into the bucket; empty: no browser does",
    },
    "ClusterName": {
        "Type": "String",
        "Default": "",
        "Description": "EKS cluster whose service accounts get the roles by EKS Pod Identity; empty: none",
    },
    "Namespace": {
        "Type": "String",
        "Default": "callstream",
        "Description": "Namespace of those service accounts",
    },
}


def _resources() -> Json:
    found: Json = {}
    for stage in PIPELINE:
        found |= _queues(stage)
    found |= _notices() | _audio() | _transcripts()
    for workload in POLICIES:
        found |= _role(workload)
    return found


def _queues(stage: Stage) -> Json:
    queue, dead = logical(stage.name, "Queue"), logical(stage.name, "DeadLetters")
    return {
        queue: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": _named(stage.name),
                "SqsManagedSseEnabled": True,
                "VisibilityTimeout": VISIBILITY_TIMEOUT,
                "MessageRetentionPeriod": RETENTION,
                "ReceiveMessageWaitTimeSeconds": 20,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": [dead, "Arn"]},
                    "maxReceiveCount": MAX_RECEIVE_COUNT,
                },
            },
        },
        dead: {
            "Type": "AWS::SQS::Queue",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "QueueName": _named(dead_letter_name(stage.name)),
                "SqsManagedSseEnabled": True,
                "MessageRetentionPeriod": DEAD_LETTER_RETENTION,
                # By name: the queue's ARN would make the two depend on each other.
                "RedriveAllowPolicy": {
                    "redrivePermission": "byQueue",
                    "sourceQueueArns": [arn_of("sqs", _named(stage.name)["Fn::Sub"])],
                },
            },
        },
    }


def _notices() -> Json:
    """The recordings' bucket may tell ingest's queue, and nobody else may through this policy."""
    queue = logical(INGEST.name, "Queue")
    allowed = {
        "Sid": "BucketTells",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": [queue, "Arn"]},
        "Condition": {
            "ArnEquals": {"aws:SourceArn": _bucket_arn("audio")},
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        },
    }
    return {
        "IngestQueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": queue}], "PolicyDocument": _document(allowed)},
        }
    }


_PAGE: Final[Json] = {
    "Id": "page",
    "AllowedOrigins": [{"Ref": "PageOrigin"}],
    "AllowedMethods": ["GET", "HEAD", "PUT"],
    "AllowedHeaders": ["*"],
    "ExposedHeaders": ["ETag"],  # of a part, without which its upload is completed all the same
    "MaxAge": 3600,
}


def _audio() -> Json:
    told = {"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": [logical(INGEST.name, "Queue"), "Arn"]}}
    expiring = {
        "Id": "expire-recordings",
        "Status": "Enabled",
        "ExpirationInDays": {"Ref": "RecordingDays"},
    }
    return _bucket(
        "audio",
        {
            "NotificationConfiguration": {"QueueConfigurations": [told]},
            "CorsConfiguration": {"Fn::If": ["HasPage", {"CorsRules": [_PAGE]}, NO_VALUE]},
        },
        rules=[{"Fn::If": ["RecordingsExpire", expiring, NO_VALUE]}],
        # S3 tries the queue when the notification is set.
        depends_on="IngestQueuePolicy",
    )


def _transcripts() -> Json:
    return _bucket("transcripts", {}, rules=[], depends_on=None)


def _bucket(name: str, more: Json, *, rules: list[Json], depends_on: str | None) -> Json:
    bucket = logical(name, "Bucket")
    waits = {"DependsOn": depends_on} if depends_on else {}
    properties = {
        "BucketName": _bucket_name(name),
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            ]
        },
        "PublicAccessBlockConfiguration": dict.fromkeys(
            ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
        ),
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "VersioningConfiguration": {"Status": "Enabled"},
        "LifecycleConfiguration": {"Rules": [_left_over(), *rules]},
        **more,
    }
    return {
        bucket: {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            **waits,
            "Properties": properties,
        },
        f"{bucket}Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": bucket}, "PolicyDocument": _document(_tls_only(name))},
        },
    }


def _left_over() -> Json:
    return {
        "Id": "remove-what-is-left-over",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
    }


def _tls_only(bucket: str) -> Json:
    arn = _bucket_arn(bucket)
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, {"Fn::Sub": arn["Fn::Sub"] + "/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _role(workload: str) -> Json:
    """A policy that any role may be given, and a role for EKS Pod Identity that has it."""
    policy = logical(workload, "Policy")
    made: Json = {
        policy: {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "ManagedPolicyName": _named(workload),
                "Description": POLICIES[workload].purpose,
                "PolicyDocument": _document(*POLICIES[workload].statements),
            },
        }
    }
    return made | _identity(workload, policy) if POLICIES[workload].is_ours else made


def _identity(workload: str, policy: str) -> Json:
    role = logical(workload, "Role")
    trusted = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    return {
        role: {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": _named(workload),
                "AssumeRolePolicyDocument": _document(trusted),
                "ManagedPolicyArns": [{"Ref": policy}],
            },
        },
        logical(workload, "Identity"): {
            "Type": "AWS::EKS::PodIdentityAssociation",
            "Condition": "HasCluster",
            "Properties": {
                "ClusterName": {"Ref": "ClusterName"},
                "Namespace": {"Ref": "Namespace"},
                "ServiceAccount": workload,
                "RoleArn": {"Fn::GetAtt": [role, "Arn"]},
            },
        },
    }


def _outputs() -> Json:
    """What the services are told, under the names they read it by; CloudFormation allows no underscore."""
    urls = {
        f"Sqs{stage.name.title()}QueueUrl": {"Value": {"Ref": logical(stage.name, "Queue")}}
        for stage in PIPELINE
    }
    buckets = {f"S3Bucket{name.title()}": {"Value": {"Ref": logical(name, "Bucket")}} for name in BUCKETS}
    policies = {
        logical(workload, "PolicyArn"): {"Value": {"Ref": logical(workload, "Policy")}}
        for workload in POLICIES
    }
    return urls | buckets | policies


def _document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": [*statements]}


def _named(name: str) -> Json:
    return {"Fn::Sub": "${Prefix}-" + name}


def _bucket_name(name: str) -> Json:
    # Bucket names are one space for everybody, so the account is part of it.
    return {"Fn::Sub": "${Prefix}-" + name + "-${AWS::AccountId}"}


def _bucket_arn(name: str) -> Json:
    return {"Fn::Sub": "arn:${AWS::Partition}:s3:::" + _bucket_name(name)["Fn::Sub"]}
