"""Distributed Map with a ResultWriter, in JSONPath and in JSONata, that stops when its tolerance is exceeded.

MiniStack writes no results, without a word, ignores ItemBatcher, reads no JSONata here, and starts every child however
many have failed. ItemBatcher is refused: nothing here needs it, and ignoring it would hide what it changes.
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import contextvars
import json
from concurrent.futures import ThreadPoolExecutor

from ministack.services import stepfunctions

from map_fields import MapFields
from map_results import write_results
from map_run import MapRun
from replacing import replaces

# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: bytes of a state's output.
LARGEST_OUTPUT = 256 * 1024
MOST_THREADS = 64


@replaces(
    stepfunctions,
    "_run_distributed_map",
    *("state_def", "raw_input", "effective", "iterator", "execution", "ctx"),
)
def run_distributed_map(_original, state, raw_input, effective, processor, execution, context):
    if "ItemBatcher" in state:
        raise stepfunctions._ExecutionError("States.Runtime", "ItemBatcher is not emulated")
    fields = MapFields(state, raw_input, effective, context)
    run = MapRun(fields, processor, execution, context, [fields.selected(item) for item in enumerate(fields.items())])
    threads = min(fields.number("MaxConcurrency") or MOST_THREADS, len(run.children) or 1, MOST_THREADS)
    with ThreadPoolExecutor(max_workers=threads) as pool:
        # MiniStack knows account and region from the context of a thread.
        started = [pool.submit(contextvars.copy_context().run, run.run_child, child) for child in run.children]
        for each in started:
            each.result()
    run.finish()
    result = [child.result for child in run.children if child.status == "SUCCEEDED"]
    if fields.writer is not None:
        result = write_results(run, fields.writer)
    if run.exceeds_tolerance():
        cause = "The specified tolerated failure threshold was exceeded"
        raise stepfunctions._ExecutionError("States.ExceedToleratedFailureThreshold", cause)
    if len(json.dumps(result).encode()) > LARGEST_OUTPUT:
        cause = "The state/task returned a result with a size exceeding the maximum number of bytes service limit."
        raise stepfunctions._ExecutionError("States.DataLimitExceeded", cause)
    return fields.output(result), stepfunctions._next_or_end(state)
