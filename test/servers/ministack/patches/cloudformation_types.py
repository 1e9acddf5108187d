"""Types that MiniStack's CloudFormation does not know although its services do.

AWS::IAM::OIDCProvider and AWS::CloudWatch::CompositeAlarm are made. An alarm on metric math is recorded as one on no
metric: it is there, its state can be set by hand, and it is never evaluated.
"""

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch, iam
from ministack.services.cloudformation import provisioners

from replacing import answer_of, replaces

handlers = provisioners._RESOURCE_HANDLERS


def new_type(name, create, update, delete):
    if name in handlers:
        raise SystemExit(f"this MiniStack knows {name}: its patch is not needed")
    handlers[name] = {"create": create, "update": update, "delete": delete}


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


new_type("AWS::IAM::OIDCProvider", create_oidc_provider, update_oidc_provider, delete_oidc_provider)


def put_composite_alarm(name, props):
    answer_of(cloudwatch._put_composite_alarm({}, {**props, "AlarmName": name}, False, True))
    return name, {"Arn": f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"}


def create_composite_alarm(logical_id, props, stack_name):
    name = props.get("AlarmName") or provisioners._physical_name(stack_name, logical_id, max_len=255)
    return put_composite_alarm(name, props)


def update_composite_alarm(name, _old, props, _stack_name):
    return put_composite_alarm(name, props)


def delete_composite_alarm(name, _props):
    cloudwatch._composite_alarms.pop(name, None)


new_type("AWS::CloudWatch::CompositeAlarm", create_composite_alarm, update_composite_alarm, delete_composite_alarm)


@replaces(provisioners, "_cw_metric_alarm_put", "name", "props")
def put_metric_alarm(original, name, props):
    if not props.get("Metrics"):
        return original(name, props)
    never = {"Namespace": "MetricMath", "MetricName": name}
    plain = {key: value for key, value in props.items() if key != "Metrics"}
    return original(name, {**plain, **never})
