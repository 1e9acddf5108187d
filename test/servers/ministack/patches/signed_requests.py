"""Routes with an IAM authoriser let in only whose signature is right, and of other accounts nobody.

MiniStack believes whom a signature names, unless it evaluates policies; the root user it believes always. To callers of
another account it says that there is no such API. AWS finds it, and refuses them: an HTTP API has no policy that could
admit one.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
"""

import hashlib
import json
from contextvars import ContextVar

from ministack import app
from ministack.core import iam_evaluator, sigv4
from ministack.core.responses import _account_from_sts_session
from ministack.services import apigateway

from replacing import replaces

# The request as it came: an API is told its path without what led to the API.
arrived = ContextVar("arrived")


@replaces(
    app,
    "_handle_execute_api_request",
    *("host", "path", "method", "headers", "body", "query_params", "raw_path", "raw_query_string"),
)
async def keep_request(original, host, path, method, headers, body, query_params, raw_path=None, raw_query_string=None):
    arrived.set((method, raw_path or path, query_params, headers, body or b""))
    return await original(host, path, method, headers, body, query_params, raw_path, raw_query_string)


@replaces(apigateway, "find_api_scope", "api_id")
def find_api(_original, api_id):
    found = ((account, region) for (account, region, one), _ in apigateway._apis.all_items() if one == api_id)
    return next(found, None)


@replaces(
    apigateway,
    "handle_execute",
    *("api_id", "stage", "path", "method", "headers", "body", "query_params", "raw_query_string"),
)
async def execute(original, api_id, stage, path, method, headers, body, query_params, raw_query_string=None):
    if apigateway.route_authorization_type(api_id, stage, method, path) == "AWS_IAM":
        refusal = refused(*apigateway.find_api_scope(api_id))
        if refusal:
            return 403, {"Content-Type": "application/json"}, json.dumps({"message": refusal}).encode()
    return await original(api_id, stage, path, method, headers, body, query_params, raw_query_string)


def refused(account, region):
    """Why the request is not let in, None where it is."""
    method, raw_path, query, headers, body = arrived.get()
    if not headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
        return "Forbidden"
    signature = sigv4.parse_header_signature(headers)
    if isinstance(signature, tuple):
        return "Forbidden"
    credential = credential_of(signature.access_key_id, headers.get("x-amz-security-token", ""), account)
    if isinstance(credential, iam_evaluator.CredentialResolutionError):
        return "The security token included in the request is invalid."
    failure = sigv4.request_time_failure(signature) or sigv4.header_signature_failure(
        signature, credential.secret_access_key, method, raw_path, query, headers, body
    )
    if failure:
        return failure[1]
    if not is_of(headers, body) or (signature.service, signature.region) != ("execute-api", region):
        return sigv4.SIGNATURE_MISMATCH
    return None if credential.account_id == account else "Forbidden"


def credential_of(key, token, account):
    home = iam_evaluator.find_iam_access_key_account(key) or _account_from_sts_session(key)
    # The root user of another account has the number of its account for a key.
    return iam_evaluator.resolve_credential(key, home or (key if key.isdigit() else account), token)


def is_of(headers, body):
    """Is the body the one whose digest is signed?"""
    signed = headers.get("x-amz-content-sha256", sigv4.UNSIGNED_PAYLOAD)
    return signed in (sigv4.UNSIGNED_PAYLOAD, hashlib.sha256(body).hexdigest())
