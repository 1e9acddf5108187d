"""What the ResultWriter of a Distributed Map leaves in a bucket.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

import json

from ministack.services import s3, stepfunctions

ABOUT_A_CHILD = (
    *("executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate", "input", "inputDetails"),
    *("output", "outputDetails", "error", "cause"),
)


def write_results(run, writer):
    """Writes the results and their manifest, whose place is the result of the state."""
    prefix = "/".join(filter(None, [writer.get("Prefix", "").rstrip("/"), run.id]))
    files = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for status in ("SUCCEEDED", "FAILED"):
        rows = rows_of([child for child in run.children if child.status == status], status, writer)
        if not rows:
            continue
        is_lines = writer.get("OutputType") == "JSONL"
        body = "\n".join(map(json.dumps, rows)) if is_lines else json.dumps(rows)
        key = f"{prefix}/{status}_0.{'jsonl' if is_lines else 'json'}"
        put(writer["Bucket"], key, body)
        files[status].append({"Key": key, "Size": len(body.encode())})
    manifest = {"DestinationBucket": writer["Bucket"], "MapRunArn": run.arn, "ResultFiles": files}
    put(writer["Bucket"], f"{prefix}/manifest.json", json.dumps(manifest))
    counts = run.record["itemCounts"]
    counts["resultsWritten"] = counts["succeeded"] + counts["failed"]
    return {
        "MapRunArn": run.arn,
        "ResultWriterDetails": {"Bucket": writer["Bucket"], "Key": f"{prefix}/manifest.json"},
    }


def rows_of(children, status, writer):
    transformation = writer.get("Transformation", "NONE")
    if status == "FAILED" or transformation == "NONE":
        return [described(child.record) for child in children]
    outputs = [child.result for child in children]
    if transformation == "COMPACT":
        return outputs
    return [row for output in outputs for row in (output if isinstance(output, list) else [output])]


def described(record):
    known = {name: record[name] for name in ABOUT_A_CHILD if record.get(name) is not None}
    return {
        **{name[0].upper() + name[1:]: value for name, value in known.items()},
        **{"RedriveCount": 0, "RedriveStatus": "NOT_REDRIVABLE"},
    }


def put(bucket, key, body):
    status, *_ = s3._put_object(bucket, key, body.encode(), {"content-type": "application/json"})
    if status >= 300:
        raise stepfunctions._ExecutionError("States.ResultWriterFailed", f"cannot write to {bucket}/{key}")
