"""Buckets of a CloudFormation stack: lifecycle, tags, names within the account's namespace, and no loss of objects.

MiniStack drops the first two without a word (the custom resource that empties buckets looks for its tag), ignores
BucketNamespace, and deletes a bucket with all that is in it, where AWS fails the deletion.
"""

from xml.sax.saxutils import escape

from ministack.core.responses import get_account_id, get_region
from ministack.services import s3
from ministack.services.cloudformation import provisioners

from replacing import answer_of, replaces


@replaces(provisioners, "_s3_apply_configurations", "name", "props", "old_props")
def apply_configurations(original, name, props, old_props=None):
    original(name, props, old_props)
    put_lifecycle(name, (props.get("LifecycleConfiguration") or {}).get("Rules") or [])
    s3._bucket_tags[name] = {tag["Key"]: str(tag["Value"]) for tag in props.get("Tags") or []}


def put_lifecycle(name, rules):
    if not rules:
        s3._bucket_lifecycle.pop(name, None)
        return
    body = "".join(lifecycle_rule(rule, f"rule-{index}") for index, rule in enumerate(rules))
    answer_of(s3._put_bucket_lifecycle(name, f"<LifecycleConfiguration>{body}</LifecycleConfiguration>".encode()))


def lifecycle_rule(rule, default_id):
    actions = {
        "Expiration": {"Days": rule.get("ExpirationInDays")},
        "NoncurrentVersionExpiration": {
            name: (rule.get("NoncurrentVersionExpiration") or {}).get(name)
            for name in ("NoncurrentDays", "NewerNoncurrentVersions")
        },
        "AbortIncompleteMultipartUpload": {
            "DaysAfterInitiation": (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation"),
        },
    }
    if rule.get("ExpiredObjectDeleteMarker"):
        actions["Expiration"]["ExpiredObjectDeleteMarker"] = "true"
    body = element("ID", escape(rule.get("Id", default_id)))
    body += element("Filter", element("Prefix", escape(rule.get("Prefix", "")))) + element("Status", rule["Status"])
    for name, values in actions.items():
        given = "".join(element(key, value) for key, value in values.items() if value is not None)
        body += element(name, given) if given else ""
    return element("Rule", body)


def element(name, content):
    return f"<{name}>{content}</{name}>"


@replaces(provisioners, "_s3_create", "logical_id", "props", "stack_name")
def create(original, logical_id, props, stack_name):
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html
    suffix = f"-{get_account_id()}-{get_region()}-an"
    if props.get("BucketNamePrefix"):
        props = {**props, "BucketName": props["BucketNamePrefix"] + suffix}
    if props.get("BucketNamespace") == "account-regional" and not props.get("BucketName", "").endswith(suffix):
        raise ValueError(f"the name of a bucket in the account's namespace ends with {suffix}")
    return original(logical_id, props, stack_name)


@replaces(provisioners, "_s3_delete", "physical_id", "props")
def delete(original, physical_id, props):
    bucket = s3._buckets.get(physical_id)
    if bucket is not None and (bucket["objects"] or s3._bucket_has_versions(physical_id)):
        raise ValueError(f"The bucket you tried to delete is not empty: {physical_id}")
    original(physical_id, props)


# The table of types took hold of the originals when it was made.
handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
handlers["create"] = provisioners._s3_create
handlers["delete"] = provisioners._s3_delete
