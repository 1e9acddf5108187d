"""A range of one version of an object is that range.

MiniStack answers a request that names a version with all of its bytes and 200, whatever its `Range` says. As on AWS, a
range that begins behind the end is refused: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from ministack.services import s3

from replacing import replaces


@replaces(s3, "_get_object", "bucket_name", "key", "headers", "query_params")
def get_object(original, bucket_name, key, headers, query_params=None):
    asked = headers.get("range", "")
    version = (query_params or {}).get("versionId")
    status, answered, body = original(bucket_name, key, headers, query_params)
    if not asked or not version or status != 200:
        return status, answered, body
    found = s3._parse_range(asked, len(body))
    if found is None:
        return s3._error("InvalidRange", "The requested range is not satisfiable", 416, f"/{bucket_name}/{key}")
    start, end = found
    # A checksum of the whole object says nothing of a part of it.
    kept = {name: value for name, value in answered.items() if not name.lower().startswith("x-amz-checksum-")}
    part = body[start : end + 1]
    told = {"Content-Range": f"bytes {start}-{end}/{len(body)}", "Content-Length": str(len(part))}
    return 206, {**kept, **told}, part
