"""A Map Run: its children, their counts, and when too many of them have failed.

It is kept where ListMapRuns, DescribeMapRun and ListExecutions of MiniStack look.
"""

import copy
import json
import threading

from ministack.core.responses import new_uuid, now_iso
from ministack.services import stepfunctions

COUNTED = ("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total", "resultsWritten")
NEVER_COUNTED = ("failuresNotRedrivable", "pendingRedrive")


class Child:
    """An execution of the item processor for one item."""

    def __init__(self, arn, machine_arn, map_run_arn, name, item):
        self.item = item
        self.result = None
        self.record = {
            "executionArn": arn,
            "stateMachineArn": machine_arn,
            "name": name,
            "status": "PENDING",
            "startDate": now_iso(),
            "stopDate": None,
            "input": json.dumps(item),
            "inputDetails": {"included": True},
            "output": None,
            "outputDetails": {"included": True},
            "mapRunArn": map_run_arn,
            "events": [],
            "testCase": None,
            "mockAttempts": {},
        }

    @property
    def status(self):
        return self.record["status"]


class MapRun:
    def __init__(self, fields, processor, execution, context, inputs):
        self.processor = processor
        self.execution = execution
        self.context = context
        self.tolerated_count = fields.number("ToleratedFailureCount")
        self.tolerated_percentage = fields.number("ToleratedFailurePercentage")
        self.lock = threading.Lock()
        self.id = new_uuid()
        *_, region, account, _, machine = execution["stateMachineArn"].split(":")
        states = f"arn:aws:states:{region}:{account}"
        label = f"{machine}/{fields.state.get('Label') or self.id}"
        self.arn = f"{states}:mapRun:{label}:{self.id}"
        self.children = [
            Child(f"{states}:execution:{label}:{name}", f"{states}:stateMachine:{label}", self.arn, name, item)
            for name, item in ((new_uuid(), item) for item in inputs)
        ]
        self.record = {
            "mapRunArn": self.arn,
            "executionArn": execution["executionArn"],
            "status": "RUNNING",
            "startDate": now_iso(),
            "maxConcurrency": int(fields.number("MaxConcurrency") or 0),
            "toleratedFailurePercentage": float(self.tolerated_percentage or 0),
            "toleratedFailureCount": int(self.tolerated_count or 0),
            "itemCounts": self._counts(),
            "executionCounts": self._counts(),
            "redriveCount": 0,
            "_stateMachineArn": f"{states}:stateMachine:{label}",
        }
        stepfunctions._map_runs[self.arn] = self.record

    def _counts(self):
        counts = dict.fromkeys(COUNTED + NEVER_COUNTED, 0)
        return {**counts, "total": len(self.children), "pending": len(self.children)}

    def _move(self, before, after):
        with self.lock:
            for counts in (self.record["itemCounts"], self.record["executionCounts"]):
                counts[before] -= 1
                counts[after] += 1

    def run_child(self, child):
        if self.execution["status"] != "RUNNING" or self.exceeds_tolerance():
            child.record.update(status="ABORTED", stopDate=now_iso())
            self._move("pending", "aborted")
            return
        child.record.update(status="RUNNING", startDate=now_iso())
        stepfunctions._executions[child.record["executionArn"]] = child.record
        self._move("pending", "running")
        states, first = self.processor["States"], self.processor["StartAt"]
        try:
            child.result = stepfunctions._run_sub_machine(
                states, first, child.item, child.record, self._context_of(child)
            )
            child.record.update(status="SUCCEEDED", output=json.dumps(child.result))
        except stepfunctions._ExecutionError as error:
            child.record.update(status="FAILED", error=error.error, cause=error.cause)
        except Exception as error:
            child.record.update(status="FAILED", error="States.TaskFailed", cause=str(error))
        child.record["stopDate"] = now_iso()
        self._move("running", child.status.lower())

    def _context_of(self, child):
        context = copy.deepcopy(self.context)
        # A child sees neither the variables of its parent nor its execution.
        context["variables"] = {}
        context["Execution"] = {
            "Id": child.record["executionArn"],
            "Name": child.record["name"],
            "Input": child.item,
            "StartTime": child.record["startDate"],
        }
        return context

    def exceeds_tolerance(self):
        failed = self.record["itemCounts"]["failed"]
        limits = []
        if self.tolerated_count is not None:
            limits.append(failed > int(self.tolerated_count))
        if self.tolerated_percentage is not None:
            limits.append(failed * 100 > float(self.tolerated_percentage) * len(self.children))
        return failed > 0 and (any(limits) if limits else True)

    def finish(self):
        aborted = self.execution["status"] != "RUNNING"
        status = "ABORTED" if aborted else "FAILED" if self.exceeds_tolerance() else "SUCCEEDED"
        self.record.update(status=status, stopDate=now_iso())
