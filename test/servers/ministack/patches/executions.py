"""Executions of a state machine: `TimeoutSeconds` of the whole machine, and an end that stays.

MiniStack ignores the first. And where an execution was stopped while a task ran, the task's failure makes FAILED of
ABORTED. https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
"""

import contextvars
import json
import threading

from ministack.core.responses import now_iso
from ministack.services import stepfunctions

from replacing import replaces

# MiniStack waits so long before the first state.
HEAD_START = 0.15


@replaces(stepfunctions, "_run_execution", "exec_arn")
def run_execution(original, exec_arn):
    execution = stepfunctions._executions.get(exec_arn)
    seconds = time_limit(execution)
    if seconds is None:
        return original(exec_arn)
    # The thread of a timer knows neither account nor region unless it is given them.
    context = contextvars.copy_context()
    timer = threading.Timer(seconds + HEAD_START, lambda: context.run(time_out, execution))
    timer.daemon = True
    timer.start()
    try:
        return original(exec_arn)
    finally:
        timer.cancel()


def time_limit(execution):
    machine = execution and stepfunctions._state_machines.get(execution["stateMachineArn"])
    return json.loads(machine["definition"]).get("TimeoutSeconds") if machine else None


def time_out(execution):
    if execution["status"] != "RUNNING":
        return
    execution.update(status="TIMED_OUT", stopDate=now_iso(), error="States.Timeout")
    stepfunctions._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
    stepfunctions._emit_execution_status_event(execution)


@replaces(stepfunctions, "_fail_execution", "execution", "error", "cause")
def fail_execution(original, execution, error, cause):
    if execution["status"] == "RUNNING":
        original(execution, error, cause)
