"""What a query may ask for: tokens, depth, aliases, directives and cost, counted before it is run.

Fragments are counted wherever they are spread. A page costs its children as often as `first`
says, another list as often as lists are long. Counting stops where a limit is passed, so that a
short query which unfolds into a huge one is refused as fast as a long one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
)
from strawberry.extensions import SchemaExtension

from services.door.problems import TooMany

DEPTH = 12
ALIASES = 15
DIRECTIVES = 50
TOKENS = 1000
CHARACTERS = 1 << 16
"""Of a query: what is no token, as comments, is read too."""
FIELDS = 500
"""Fields and fragments once every fragment is unfolded: comparing them grows with the square."""
COST = 5000
"""Objects that an answer may hold."""
LIST_LENGTH = 5
"""How long a list without `first` is taken to be: the lines of a card, the steps of a rule."""
FIRST_USUAL = 50
FIRST_MAXIMUM = 100

_PAGES = frozenset({"edges", "nodes"})


class Limits(SchemaExtension):
    """Refuses an operation that passes a limit, before it is validated."""

    def on_operation(self) -> Iterator[None]:
        if len(self.execution_context.query or "") > CHARACTERS:
            raise GraphQLError(
                f"The query asks for too much: at most {CHARACTERS} characters.",
                extensions={"code": "too_complex"},
            )
        self.execution_context.parse_options["max_tokens"] = TOKENS
        yield

    def on_validate(self) -> Iterator[None]:
        asked = self.execution_context
        assert asked.graphql_document is not None, "what is validated has been parsed"
        try:
            # Strawberry would take the first of several that nobody chose from.
            if asked._provided_operation_name is None:  # noqa: SLF001  what was asked for, as it was
                check_single(asked.graphql_document)
            cost = count_document(
                asked.graphql_document,
                asked.schema._schema,  # noqa: SLF001  strawberry keeps graphql-core's schema there
                asked.variables or {},
            )
            asked.context.admit(cost)
        except TooMany as refusal:
            extensions = {"code": refusal.code}
            asked.pre_execution_errors = [GraphQLError(refusal.detail, extensions=extensions)]
        except GraphQLError as refusal:
            # Found already, errors spare the document its validation.
            asked.pre_execution_errors = [refusal]
        yield


class TooComplex(GraphQLError):
    """A query that asks for more than one answer may hold."""

    def __init__(self, what: str, limit: int, node: OperationDefinitionNode) -> None:
        super().__init__(
            f"The query asks for too much: at most {limit} {what}.",
            node,
            extensions={"code": "too_complex"},
        )


def check_single(document: DocumentNode) -> None:
    """Refuse a document of several operations of which none is named."""
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(found) > 1:
        raise GraphQLError("Name the operation to run.", extensions={"code": "operation_unnamed"})


def count_document(
    document: DocumentNode, schema: GraphQLSchema, variables: Mapping[str, object]
) -> int:
    """The cost of the dearest operation; refuses a document with one that passes a limit."""
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    costs = [0]
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            count = _Count(node, schema, fragments, _stated(node) | dict(variables))
            root = schema.get_root_type(node.operation)
            count.directed(node.directives)
            count.enter(node.selection_set, _Place(root))
            costs.append(count.cost)
    return max(costs)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a selection stands."""

    parent: GraphQLNamedType | None
    depth: int = 1
    times: int = 1
    """How often it is resolved."""
    page: int | None = None
    """How many rows the connection has whose fields are selected."""
    inside: frozenset[str] = frozenset()
    """The fragments that are open around it."""


@dataclass(slots=True)
class _Count:
    """What one operation asks for so far."""

    operation: OperationDefinitionNode
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, object]
    aliases: int = field(default=0, init=False)
    directives: int = field(default=0, init=False)
    fields: int = field(default=0, init=False)
    cost: int = field(default=0, init=False)

    def enter(self, selected: SelectionSetNode, place: _Place) -> None:
        for node in selected.selections:
            self.fields += 1
            self.directed(node.directives)
            if isinstance(node, FieldNode):
                self._enter_field(node, place)
            else:
                self._unfold(node, place)

    def directed(self, directives: tuple[DirectiveNode, ...] | None) -> None:
        self.directives += len(directives or ())
        self._check(0)

    def _enter_field(self, node: FieldNode, place: _Place) -> None:
        name = node.name.value
        self.aliases += node.alias is not None
        if name.startswith("__"):
            # What the schema says of itself is bounded by tokens and by graphql-core's own rule.
            return
        self._check(place.depth)
        if node.selection_set is None:
            return
        known = _field_of(place.parent, name)
        length, page = self._lengths_of(node, known, place)
        self.cost += place.times * length
        self._check(place.depth)
        inner = _Place(
            get_named_type(known.type) if known is not None else None,
            depth=place.depth + 1,
            times=place.times * length,
            page=page,
            inside=place.inside,
        )
        self.enter(node.selection_set, inner)

    def _unfold(self, node: SelectionNode, place: _Place) -> None:
        """Count a fragment where it is spread; a circle of them is the validation's to report."""
        name = node.name.value if isinstance(node, FragmentSpreadNode) else None
        fragment = self.fragments.get(name) if name is not None else node
        if name in place.inside or not isinstance(
            fragment, FragmentDefinitionNode | InlineFragmentNode
        ):
            return
        condition = fragment.type_condition
        inner = _Place(
            self.schema.get_type(condition.name.value) if condition else place.parent,
            depth=place.depth,
            times=place.times,
            page=place.page,
            inside=place.inside | {name} if name else place.inside,
        )
        self.enter(fragment.selection_set, inner)

    def _lengths_of(
        self, node: FieldNode, known: GraphQLField | None, place: _Place
    ) -> tuple[int, int | None]:
        """How many objects a field gives, and how many the lists below a connection give."""
        if known is None:
            return 1, None
        is_list = isinstance(get_nullable_type(known.type), GraphQLList)
        if "first" in known.args:
            first = self._first_of(node)
            return (first, None) if is_list else (1, first)
        if not is_list:
            return 1, None
        if place.page is not None and node.name.value in _PAGES:
            return place.page, None
        return LIST_LENGTH, None

    def _first_of(self, node: FieldNode) -> int:
        """How many rows a list asks for; what is no number will be refused later."""
        for argument in node.arguments or ():
            if argument.name.value == "first":
                value: object = argument.value
                if isinstance(value, VariableNode):
                    value = self.variables.get(value.name.value, FIRST_USUAL)
                elif isinstance(value, IntValueNode):
                    value = _number(value.value)
                if isinstance(value, bool) or not isinstance(value, int):
                    return FIRST_MAXIMUM
                return max(1, min(value, COST))
        return FIRST_USUAL

    def _check(self, depth: int) -> None:
        counted = (
            ("levels", depth, DEPTH),
            ("aliases", self.aliases, ALIASES),
            ("directives", self.directives, DIRECTIVES),
            ("fields", self.fields, FIELDS),
            ("objects", self.cost, COST),
        )
        for what, asked, limit in counted:
            if asked > limit:
                raise TooComplex(what, limit, self.operation)


def _stated(operation: OperationDefinitionNode) -> dict[str, object]:
    """The whole numbers that an operation gives its variables by default."""
    return {
        node.variable.name.value: _number(node.default_value.value)
        for node in operation.variable_definitions or ()
        if isinstance(node.default_value, IntValueNode)
    }


def _number(digits: str) -> int:
    """A literal as far as it matters: one of ten digits is too large whatever it is."""
    return int(digits) if len(digits) < 10 else COST


def _field_of(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        known: GraphQLField | None = parent.fields.get(name)
        return known
    return None
