"""A bucket that a change set imports (`ImportExistingResources`) is no conflict of names.

MiniStack's change set says Import; its check of names before the deployment then refuses the bucket as one that
exists already.
"""

from contextvars import ContextVar

from ministack.services.cloudformation import changesets, stacks

from replacing import replaces

# Names of the buckets that the running deployment imports.
imported = ContextVar("imported", default=frozenset())


@replaces(
    stacks,
    "_deploy_stack_async",
    *("stack_name", "stack_id", "template", "param_values", "disable_rollback", "tags", "is_update", "previous_stack"),
    *("retain_except_on_create", "imports"),
)
async def deploy_stack(original, *args, imports=None, **kwargs):
    names = frozenset(identifier.get("BucketName") for identifier in (imports or {}).values())
    token = imported.set(names)
    try:
        return await original(*args, imports=imports, **kwargs)
    finally:
        imported.reset(token)


# Change sets took hold of the original when they were loaded; nothing else imports.
changesets._deploy_stack_async = stacks._deploy_stack_async


@replaces(
    stacks,
    "_validation_errors",
    *("resources_defs", "ordered", "param_values", "conditions", "mappings", "stack_name", "stack_id"),
    "owned_buckets",
)
def validation_errors(original, *args):
    *rest, owned_buckets = args
    return original(*rest, owned_buckets | imported.get())
