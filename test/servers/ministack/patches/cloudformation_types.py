"""What MiniStack's CloudFormation refuses although its services know it.

AWS::IAM::OIDCProvider is made. An alarm on metric math is recorded as one on a metric that nobody sends: it is there,
its state can be set by hand, and what it would compute is never computed.
"""

from ministack.core.responses import get_account_id
from ministack.services import iam
from ministack.services.cloudformation import provisioners

from replacing import answer_of, replaces

handlers = provisioners._RESOURCE_HANDLERS
OIDC_PROVIDER = "AWS::IAM::OIDCProvider"
if OIDC_PROVIDER in handlers:
    raise SystemExit(f"this MiniStack knows {OIDC_PROVIDER}: its patch is not needed")


def create_oidc_provider(_logical_id, props, _stack_name):
    request = {"Url": props["Url"]}
    for list_name, values in (("ClientIDList", "ClientIdList"), ("ThumbprintList", "ThumbprintList")):
        for index, value in enumerate(props.get(values) or [], start=1):
            request[f"{list_name}.member.{index}"] = value
    # As AWS does, it refuses a second provider of one address.
    answer_of(iam._create_oidc_provider(request))
    host = props["Url"].removeprefix("https://").rstrip("/")
    arn = f"arn:aws:iam::{get_account_id()}:oidc-provider/{host}"
    return arn, {"Arn": arn}


def update_oidc_provider(arn, _old, props, _stack_name):
    provider = iam._oidc_providers[arn]
    provider["ClientIDList"] = props.get("ClientIdList") or []
    provider["ThumbprintList"] = props.get("ThumbprintList") or []
    return arn, {"Arn": arn}


def delete_oidc_provider(arn, _props):
    iam._oidc_providers.pop(arn, None)


handlers[OIDC_PROVIDER] = {
    "create": create_oidc_provider,
    "update": update_oidc_provider,
    "delete": delete_oidc_provider,
}


@replaces(provisioners, "_cw_metric_alarm_put", "name", "props")
def put_metric_alarm(original, name, props):
    if not props.get("Metrics"):
        return original(name, props)
    never = {"Namespace": "MetricMath", "MetricName": name}
    plain = {key: value for key, value in props.items() if key != "Metrics"}
    return original(name, {**plain, **never})
