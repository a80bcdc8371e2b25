"""Errors as GraphQL shows them: our refusals with their code, everything else masked."""

import re
from collections.abc import Iterator, Sequence

import structlog
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult

from services.door.problems import DoorError
from services.schema.errors import KaoheError

MOST_LISTED = 20
"""Errors of one answer; a query that is wrong in a hundred places is put right one by one."""

_NOT_HERE = (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError)
_SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)
_log = structlog.get_logger("kaohe.graph")


class Masked(SchemaExtension):
    """Masks the errors of each result that a subscription sends."""

    def on_stream_result(self, result: object) -> Iterator[None]:
        if isinstance(result, ExecutionResult) and result.errors:
            result.errors = masked(result.errors)
        yield


def masked(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """The errors as a caller may see them."""
    return [_masked(error) for error in errors[:MOST_LISTED]]


def _masked(error: GraphQLError) -> GraphQLError:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, KaoheError | DoorError):
        return _shown(error, cause.detail, cause.code)
    if isinstance(cause, _NOT_HERE):
        return _shown(error, "No such operation is answered here.", "operation_refused")
    if cause is None or isinstance(cause, GraphQLError):
        code = (error.extensions or {}).get("code", "query_invalid")
        return _shown(error, _SUGGESTION.sub("", error.message), str(code))
    _log.error("resolver.failed", path=error.path, exc_info=cause)
    return _shown(error, "Something went wrong on our side; it has been noted.", "internal")


def _shown(error: GraphQLError, message: str, code: str) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code},
    )
