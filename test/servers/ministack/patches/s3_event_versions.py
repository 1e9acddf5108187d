"""Events of S3 on EventBridge say which version of the object they are about.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html lists `version-id` in `detail.object`.
"""

import json
from contextvars import ContextVar

from ministack.services import eventbridge, s3

from replacing import replaces

# Of the event that is being fired; S3 hands it to its own notifications only.
version = ContextVar("version", default=None)


@replaces(
    s3,
    "_fire_s3_event",
    *("bucket_name", "key", "event_name", "size", "etag", "deletion_type", "restore_event_data", "version_id"),
    *("sequencer", "object_extra", "record_extra"),
)
def fire_s3_event(original, *args, **kwargs):
    token = version.set(kwargs.get("version_id"))
    try:
        return original(*args, **kwargs)
    finally:
        version.reset(token)


@replaces(eventbridge, "_dispatch_event", "event", "view")
def dispatch_event(original, event, view=None):
    if version.get() and event.get("Source") == "aws.s3":
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version.get()
        event = {**event, "Detail": json.dumps(detail)}
    return original(event, view)
