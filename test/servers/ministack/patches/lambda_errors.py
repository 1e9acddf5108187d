"""What a function throws keeps its name, and a process that dies is told from one that throws.

Step Functions matches `Retry` and `Catch` on that name; MiniStack calls all of them Runtime.HandlerError. As on AWS, a
function that threw is called again in the same process, and one whose process ended fails with Runtime.ExitError
(https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html). A function also ends with the emulator.
"""

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from replacing import replaced_text, replaces

THROWN = """
        _realStdoutWrite(JSON.stringify({
          status: "ok", thrown: {
            errorType: (%(error)s && %(error)s.name) || "Error",
            errorMessage: String((%(error)s && %(error)s.message) ?? %(error)s),
            trace: String((%(error)s && %(error)s.stack) || "").split("\\n"),
          },
        }) + "\\n");"""

REJECTED = """
          _realStdoutWrite(JSON.stringify({
            status: "error", error: String(err.message || err), trace: err.stack || ""
          }) + "\\n");"""

THREW = """
      _realStdoutWrite(JSON.stringify({
        status: "error", error: e.message, trace: e.stack
      }) + "\\n");"""

LISTENS = """
rl.on("line", async (line) => {"""

ENDS_WITH_THE_EMULATOR = """
rl.on("close", () => process.exit());"""

script = lambda_runtime._NODEJS_WORKER_SCRIPT
script = replaced_text(script, REJECTED, THROWN % {"error": "err"})
script = replaced_text(script, THREW, THROWN % {"error": "e"})
script = replaced_text(script, LISTENS, ENDS_WITH_THE_EMULATOR + LISTENS)
lambda_runtime._NODEJS_WORKER_SCRIPT = script


class Thrown(dict):
    """The body of an answer that is an error of the function's own."""


@replaces(
    lambda_runtime.Worker,
    "invoke",
    *("self", "event", "request_id", "trace_id", "depth", "durable", "invoked_function_arn"),
)
def invoke(original, self, *args, **kwargs):
    response = original(self, *args, **kwargs)
    if "thrown" in response:
        return {**response, "result": Thrown(response["thrown"])}
    if response.get("error") == "Worker process died":
        error = f"RequestId: {args[1]} Error: Runtime exited without providing a reason"
        return {**response, "status": "ok", "result": Thrown(errorType="Runtime.ExitError", errorMessage=error)}
    return response


@replaces(lambda_svc, "_execute_function_warm", "func", "event", "request_id")
def execute_function_warm(original, func, event, request_id):
    answer = original(func, event, request_id)
    body = answer.get("body")
    if answer.get("error") and body["errorMessage"].startswith("Worker process exited immediately"):
        return {**answer, "body": {**body, "errorType": "Runtime.ExitError"}}
    if not isinstance(body, Thrown):
        return answer
    log = "\n".join(filter(None, [answer.get("log"), *body.get("trace", [])]))
    return {"body": dict(body), "error": True, "log": log}
