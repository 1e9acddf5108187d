"""`aws:SecureTransport` is true although the emulator speaks plain http.

Without it, buckets that insist on TLS would refuse everything once IAM policies are evaluated.
"""

import ministack.app as app

from replacing import replaces


@replaces(app, "pin_request_origin", "source_ip", "secure_transport")
def pin_request_origin(original, source_ip, secure_transport):
    return original(source_ip, True)
