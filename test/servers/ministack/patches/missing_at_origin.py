"""A distribution that may list its bucket is told which objects are missing: S3 answers it 404, and any other 403.

MiniStack answers 403 to every distribution.
"""

from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
from ministack.core.responses import get_account_id, get_region
from ministack.services import s3

from replacing import replaces


@replaces(s3, "serve_cloudfront_origin_fetch", "bucket_name", "key", "method", "headers", "source_arn", "oai_id")
def origin_fetch(original, bucket_name, key, method, headers, source_arn="", oai_id=""):
    bucket = s3._ensure_bucket(bucket_name)
    if bucket is not None and key and key not in bucket["objects"] and may_list(bucket_name, source_arn):
        return s3._error("NoSuchKey", "The specified key does not exist.", 404, f"/{bucket_name}/{key}")
    return original(bucket_name, key, method, headers, source_arn, oai_id)


def may_list(bucket_name, source_arn):
    owner = s3._bucket_owner_account(bucket_name) or get_account_id()
    policy = s3._bucket_policies.get_scoped(owner, None, bucket_name)
    if not policy or not source_arn:
        return False
    asked = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="s3:ListBucket",
        resource_arn=f"arn:aws:s3:::{bucket_name}",
        region=get_region(),
        service_context={"aws:sourcearn": source_arn},
    )
    return evaluate_resource_policy(policy, asked, service="cloudfront.amazonaws.com").decision == "Allow"
