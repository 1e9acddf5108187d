"""An event whose state machine is not there goes to the dead-letter queue of the rule's target.

MiniStack drops it. Only this reason is emulated; AWS also counts refusals, throttling and failures that outlast the
target's retries. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

import json

from ministack.core.arn import parse_arn
from ministack.services import eventbridge, stepfunctions

from replacing import replaces


@replaces(eventbridge, "_invoke_target", "target", "event", "rule", "view")
def invoke_target(original, target, event, rule, view=None):
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    arn = target.get("Arn", "")
    is_machine = ":states:" in arn and ":stateMachine:" in arn
    if queue is None or not is_machine or stepfunctions._resolve_state_machine_arn(arn) is not None:
        return original(target, event, rule, view)
    whole = (view or eventbridge._pattern_event_view(event)).event_with_detail()
    eventbridge._dispatch_to_sqs(parse_arn(queue), json.dumps(whole))
    return None
