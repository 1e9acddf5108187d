"""How a patch puts its own function in the place of one of MiniStack's."""

import functools
import inspect


def replaces(owner, name, *parameters):
    """Decorates the replacement, which is given the original as its first argument, then the original's arguments.

    The parameters are those that the original is expected to have: another MiniStack is noticed at the start, rather
    than when the first request behaves oddly.
    """
    original = getattr(owner, name)
    found = tuple(inspect.signature(original).parameters)
    if found != parameters:
        raise SystemExit(f"{name} takes {found} in this MiniStack, not {parameters}: look at its patch")

    def put(replacement):
        @functools.wraps(original)
        def call(*args, **kwargs):
            return replacement(original, *args, **kwargs)

        setattr(owner, name, call)
        return replacement

    return put


def replaced_text(text, old, new):
    """The text with the one place that reads `old` reading `new`."""
    if text.count(old) != 1:
        raise SystemExit(f"expected once in this MiniStack, found {text.count(old)} times: {old}")
    return text.replace(old, new)


def answer_of(response):
    """The body of what one of MiniStack's services answered. Raises ValueError where it refused."""
    status, _, body = response
    text = body.decode() if isinstance(body, bytes) else str(body)
    if status >= 400:
        raise ValueError(text)
    return text
