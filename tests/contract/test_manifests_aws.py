"""deploy/aws/queues.yaml: what it says of queues, and what CloudFormation makes of it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
import yamls
from common.pipeline import (
    DEAD_LETTER_RETENTION,
    MAX_RECEIVE_COUNT,
    PIPELINE,
    RETENTION,
    VISIBILITY_TIMEOUT,
    Stage,
    dead_letter_name,
    next_stage,
)
from moto import mock_aws
from onebox import cloudformation
from onebox.access import POLICIES, logical
from onebox.contracts import ROOT

TEMPLATE = ROOT / "deploy" / "aws" / "queues.yaml"
REGION = "eu-central-1"
NOT_IN_MOTO = {"AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"}  # these are read from the template

every_stage = pytest.mark.parametrize("stage", PIPELINE, ids=lambda stage: stage.name)


@pytest.fixture(scope="module")
def aws() -> Iterator[Mapping[str, Any]]:
    """Clients of an account in which the stack was deployed."""
    with mock_aws():
        services = ("cloudformation", "sqs", "s3", "iam")
        clients = {name: _client(name) for name in services}
        with pytest.warns(UserWarning, match="not supported by moto") as unknown:
            clients["cloudformation"].create_stack(
                StackName="callstream",
                TemplateBody=TEMPLATE.read_text("utf-8"),
                Capabilities=["CAPABILITY_NAMED_IAM"],
            )
        assert {kind for kind in NOT_IN_MOTO if any(kind in str(w.message) for w in unknown)} == NOT_IN_MOTO
        assert len(unknown) >= len(NOT_IN_MOTO)
        yield clients


def _client(name: str) -> Any:
    # Keys of its own, so that a developer's are neither needed nor used.
    return boto3.client(name, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")


@cache
def document() -> Any:
    """The committed template."""
    return yamls.read(TEMPLATE)


def declared(resource: str) -> dict[str, Any]:
    """A resource's properties in the template: what moto deploys without looking at."""
    properties: dict[str, Any] = document()["Resources"][resource]["Properties"]
    return properties


def attributes(aws: Mapping[str, Any], name: str) -> dict[str, str]:
    """A deployed queue's attributes."""
    url = aws["sqs"].get_queue_url(QueueName=f"callstream-{name}")["QueueUrl"]
    found: dict[str, str] = aws["sqs"].get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]
    return found


def outputs(aws: Mapping[str, Any]) -> dict[str, str]:
    """The deployed stack's outputs."""
    (stack,) = aws["cloudformation"].describe_stacks(StackName="callstream")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def granted(aws: Mapping[str, Any], workload: str) -> set[tuple[str, str]]:
    """Every action and resource that the deployed policy of *workload* allows."""
    arn = outputs(aws)[f"{workload.title().replace('-', '')}PolicyArn"]
    version = aws["iam"].get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = aws["iam"].get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return {
        (action, resource)
        for statement in document["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def test_the_template_is_what_the_pipeline_says() -> None:
    """``make contracts`` was run."""
    assert cloudformation.text() == TEMPLATE.read_text("utf-8")


def test_cfn_lint_has_no_complaint() -> None:
    """The template is valid CloudFormation, with no warning either."""
    program = shutil.which("cfn-lint") or shutil.which("cfn-lint", path=str(Path(sys.executable).parent))
    assert program, "cfn-lint is not installed: make setup"
    answer = subprocess.run(  # noqa: S603 - the project's own linter on the project's own file
        [program, "--regions", REGION, "--", str(TEMPLATE)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "AWS_DEFAULT_REGION": REGION},
    )

    assert (0, "") == (answer.returncode, answer.stdout)


@every_stage
def test_a_queue_is_deployed_as_the_pipeline_says(stage: Stage, aws: Mapping[str, Any]) -> None:
    """Encrypted; visibility, retention, redrive target and count as in ``common.pipeline``."""
    found = attributes(aws, stage.name)
    dead = attributes(aws, dead_letter_name(stage.name))
    redrive = json.loads(found["RedrivePolicy"])

    assert str(VISIBILITY_TIMEOUT) == found["VisibilityTimeout"]
    assert str(RETENTION) == found["MessageRetentionPeriod"]
    assert "true" == found["SqsManagedSseEnabled"]
    assert (dead["QueueArn"], MAX_RECEIVE_COUNT) == (
        redrive["deadLetterTargetArn"],
        int(redrive["maxReceiveCount"]),
    )


@every_stage
def test_a_dead_letter_outlives_its_source(stage: Stage, aws: Mapping[str, Any]) -> None:
    """Encrypted, and kept for longer than a message waits."""
    found = attributes(aws, dead_letter_name(stage.name))

    assert (str(DEAD_LETTER_RETENTION), "true") == (
        found["MessageRetentionPeriod"],
        found["SqsManagedSseEnabled"],
    )
    assert DEAD_LETTER_RETENTION > RETENTION


@every_stage
def test_a_dead_letter_queue_takes_from_its_own_queue_only(stage: Stage) -> None:
    """No other queue may be redriven into it, or out of it."""
    allowed = declared(logical(stage.name, "DeadLetters"))["RedriveAllowPolicy"]
    (source,) = allowed["sourceQueueArns"]

    assert "byQueue" == allowed["redrivePermission"]
    assert source["Fn::Sub"].endswith(f":${{Prefix}}-{stage.name}")


@pytest.mark.parametrize("bucket", cloudformation.BUCKETS)
def test_a_bucket_is_encrypted(bucket: str, aws: Mapping[str, Any]) -> None:
    """What is deployed encrypts every object."""
    name = outputs(aws)[f"S3Bucket{bucket.title()}"]
    (rule,) = aws["s3"].get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]

    assert "AES256" == rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]


@pytest.mark.parametrize("bucket", cloudformation.BUCKETS)
def test_a_bucket_is_closed(bucket: str) -> None:
    """No public access of any kind, versions, TLS only; half uploads are removed, the bucket itself never."""
    found, policy = declared(logical(bucket, "Bucket")), declared(logical(bucket, "BucketPolicy"))
    (denied,) = policy["PolicyDocument"]["Statement"]

    assert [True] * 4 == list(found["PublicAccessBlockConfiguration"].values())
    assert {"Status": "Enabled"} == found["VersioningConfiguration"]
    assert {"DaysAfterInitiation": 7} == found["LifecycleConfiguration"]["Rules"][0][
        "AbortIncompleteMultipartUpload"
    ]
    assert ("Deny", {"Bool": {"aws:SecureTransport": "false"}}) == (denied["Effect"], denied["Condition"])
    assert "Retain" == document()["Resources"][logical(bucket, "Bucket")]["DeletionPolicy"]


def test_the_bucket_tells_ingest_of_every_new_object() -> None:
    """The recordings' bucket notifies ingest's queue, whose policy lets this bucket in and no other."""
    bucket = declared("AudioBucket")
    (told,) = bucket["NotificationConfiguration"]["QueueConfigurations"]
    (allowed,) = declared("IngestQueuePolicy")["PolicyDocument"]["Statement"]
    source = allowed["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Sub"]

    assert ("s3:ObjectCreated:*", {"Fn::GetAtt": ["IngestQueue", "Arn"]}) == (told["Event"], told["Queue"])
    assert ("s3.amazonaws.com", "sqs:SendMessage") == (allowed["Principal"]["Service"], allowed["Action"])
    assert source.endswith(":::" + bucket["BucketName"]["Fn::Sub"])
    assert "IngestQueuePolicy" == document()["Resources"]["AudioBucket"]["DependsOn"]


@every_stage
def test_a_stage_may_drain_its_queue_and_announce_to_the_next(stage: Stage, aws: Mapping[str, Any]) -> None:
    """It receives from its own queue only, and sends to its dead letters and to those it announces to."""
    found = granted(aws, stage.service)
    following = next_stage(stage)
    announces = (
        {s.name for s in PIPELINE} if stage.name == "ingest" else {following.name} if following else set()
    )
    sends = {dead_letter_name(stage.name), *announces}

    assert {attributes(aws, stage.name)["QueueArn"]} == {r for a, r in found if a == "sqs:ReceiveMessage"}
    assert {attributes(aws, name)["QueueArn"] for name in sends} == {
        resource for action, resource in found if action == "sqs:SendMessage"
    }


@pytest.mark.parametrize("workload", POLICIES)
def test_nobody_may_do_everything(workload: str, aws: Mapping[str, Any]) -> None:
    """No action and no resource is a bare wildcard; what may be written to is named."""
    found = granted(aws, workload)

    assert found
    assert [] == [pair for pair in found if "*" in pair[0] or pair[1].startswith("*")]


def test_keda_may_count_and_nothing_else(aws: Mapping[str, Any]) -> None:
    """The autoscaler's policy reads the attributes of the four queues."""
    queues = {attributes(aws, stage.name)["QueueArn"] for stage in PIPELINE}

    assert {("sqs:GetQueueAttributes", queue) for queue in queues} == granted(aws, "keda")


@pytest.mark.parametrize("workload", [name for name, policy in POLICIES.items() if policy.is_ours])
def test_a_workload_has_a_role_for_its_pods(workload: str, aws: Mapping[str, Any]) -> None:
    """Pods of the service account so named assume it by EKS Pod Identity; it has their policy alone."""
    (trusted,) = aws["iam"].get_role(RoleName=f"callstream-{workload}")["Role"]["AssumeRolePolicyDocument"][
        "Statement"
    ]
    identity = declared(logical(workload, "Identity"))

    assert {"Service": "pods.eks.amazonaws.com"} == trusted["Principal"]
    assert (workload, {"Fn::GetAtt": [logical(workload, "Role"), "Arn"]}) == (
        identity["ServiceAccount"],
        identity["RoleArn"],
    )
    assert [{"Ref": logical(workload, "Policy")}] == declared(logical(workload, "Role"))["ManagedPolicyArns"]
