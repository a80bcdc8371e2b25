"""The part of Shopify's Admin GraphQL that the sandbox answers, and what a question costs."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    build_schema,
    parse,
    validate,
)

SCHEMA = build_schema("""
scalar DateTime
scalar Decimal
scalar JSON
scalar UnsignedInt64
scalar URL
enum OrderSortKeys { CREATED_AT ID PROCESSED_AT UPDATED_AT }
enum ProductStatus { ACTIVE ARCHIVED DRAFT UNLISTED }
enum ColumnDataType { DAY_TIMESTAMP INTEGER }
interface Node { id: ID! }
type Query {
  orders(
    first: Int, after: String, sortKey: OrderSortKeys, query: String, reverse: Boolean
  ): OrderConnection!
  order(id: ID!): Order
  refund(id: ID!): Refund
  productVariants(first: Int, after: String): ProductVariantConnection!
  inventoryItem(id: ID!): InventoryItem
  node(id: ID!): Node
  shopifyqlQuery(query: String!): ShopifyqlQueryResponse
  currentAppInstallation: AppInstallation!
}
type Mutation {
  bulkOperationRunQuery(query: String!, groupObjects: Boolean!): BulkOperationRunQueryPayload
}
type PageInfo { hasNextPage: Boolean! endCursor: String }
type ProductVariantConnection { pageInfo: PageInfo! nodes: [ProductVariant!]! }
type InventoryLevelConnection { pageInfo: PageInfo! nodes: [InventoryLevel!]! }
type Product { id: ID! title: String! status: ProductStatus! }
type ProductVariant implements Node {
  id: ID!
  sku: String
  title: String!
  product: Product!
  inventoryItem: InventoryItem!
}
type InventoryItem implements Node {
  id: ID!
  sku: String
  tracked: Boolean!
  inventoryLevels(first: Int, after: String): InventoryLevelConnection!
}
type InventoryLevel implements Node {
  id: ID!
  quantities(names: [String!]!): [InventoryQuantity!]!
}
type InventoryQuantity { name: String! quantity: Int! }
type OrderConnection { pageInfo: PageInfo! nodes: [Order!]! edges: [OrderEdge!]! }
type OrderEdge { node: Order! cursor: String! }
type LineItemConnection { pageInfo: PageInfo! nodes: [LineItem!]! edges: [LineItemEdge!]! }
type LineItemEdge { node: LineItem! cursor: String! }
type RefundLineItemConnection { nodes: [RefundLineItem!]! }
type MoneyBag { shopMoney: MoneyV2! presentmentMoney: MoneyV2! }
type MoneyV2 { amount: Decimal! currencyCode: String! }
type Named { id: ID! name: String! }
type Customer { id: ID! displayName: String! email: String phone: String }
type Fulfillment { id: ID! createdAt: DateTime! deliveredAt: DateTime }
type OrderTransaction {
  id: ID! kind: String! status: String! processedAt: DateTime amountSet: MoneyBag!
}
type Order implements Node {
  id: ID!
  name: String!
  createdAt: DateTime!
  processedAt: DateTime!
  updatedAt: DateTime!
  cancelledAt: DateTime
  closedAt: DateTime
  test: Boolean!
  displayFinancialStatus: String
  displayFulfillmentStatus: String!
  totalPriceSet: MoneyBag!
  originalTotalPriceSet: MoneyBag!
  currentTotalPriceSet: MoneyBag!
  totalDiscountsSet: MoneyBag
  totalRefundedSet: MoneyBag!
  discountCodes: [String!]!
  paymentGatewayNames: [String!]!
  sourceName: String
  note: String
  customer: Customer
  staffMember: Named
  retailLocation: Named
  fulfillments(first: Int): [Fulfillment!]!
  transactions(first: Int): [OrderTransaction!]!
  refunds(first: Int): [Refund!]!
  lineItems(first: Int, after: String): LineItemConnection!
}
type LineItem implements Node {
  id: ID!
  sku: String
  title: String!
  quantity: Int!
  currentQuantity: Int!
  variant: Named
  originalTotalSet: MoneyBag!
  discountedTotalSet(withCodeDiscounts: Boolean): MoneyBag!
  discountAllocations: [DiscountAllocation!]!
}
type DiscountAllocation { allocatedAmountSet: MoneyBag! }
type Refund implements Node {
  id: ID!
  createdAt: DateTime
  note: String
  totalRefundedSet: MoneyBag!
  refundLineItems(first: Int): RefundLineItemConnection!
}
type RefundLineItem { quantity: Int! restockType: String! }
type ShopifyqlQueryResponse { parseErrors: [String!]! tableData: ShopifyqlTableData }
type ShopifyqlTableData { columns: [ShopifyqlTableDataColumn!]! rows: JSON! }
type ShopifyqlTableDataColumn { name: String! dataType: ColumnDataType! displayName: String! }
type AppInstallation { accessScopes: [AccessScope!]! }
type AccessScope { handle: String! }
type BulkOperation implements Node {
  id: ID!
  status: String!
  errorCode: String
  objectCount: UnsignedInt64!
  fileSize: UnsignedInt64
  url: URL
}
type BulkOperationUserError { field: [String!] message: String! }
type BulkOperationRunQueryPayload {
  bulkOperation: BulkOperation
  userErrors: [BulkOperationUserError!]!
}
""")


@lru_cache(maxsize=500)
def checked(text: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """A document as it was read, and what is wrong with it."""
    try:
        document = parse(text)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(SCHEMA, document))


def name_of(document: DocumentNode) -> str:
    """The name of a document's operation."""
    for part in document.definitions:
        if isinstance(part, OperationDefinitionNode):
            return part.name.value if part.name else ""
    return ""


def cost_of(document: DocumentNode, variables: Mapping[str, Any]) -> int:
    """What could come back: a point for each object, of a connection for as many as are asked."""
    fragments = {
        part.name.value: part
        for part in document.definitions
        if isinstance(part, FragmentDefinitionNode)
    }
    return sum(
        _cost(part.selection_set, variables, fragments)
        for part in document.definitions
        if isinstance(part, OperationDefinitionNode)
    )


def points_in(data: object) -> int:
    """What did come back."""
    if isinstance(data, dict):
        return 1 + sum(points_in(inner) for inner in data.values())
    return sum(points_in(inner) for inner in data) if isinstance(data, list) else 0


def _cost(
    selected: SelectionSetNode,
    variables: Mapping[str, Any],
    fragments: Mapping[str, FragmentDefinitionNode],
) -> int:
    total = 0
    for part in selected.selections:
        if isinstance(part, FragmentSpreadNode):
            total += _cost(fragments[part.name.value].selection_set, variables, fragments)
        elif isinstance(part, InlineFragmentNode):
            total += _cost(part.selection_set, variables, fragments)
        elif isinstance(part, FieldNode) and part.selection_set is not None:
            inner = _cost(part.selection_set, variables, fragments)
            first = _first(part, variables)
            total += 1 + inner if first is None else 2 + first * inner
    return total


def _first(field: FieldNode, variables: Mapping[str, Any]) -> int | None:
    for argument in field.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            if isinstance(value, IntValueNode):
                return int(value.value)
            if isinstance(value, VariableNode):
                return int(variables.get(value.name.value) or 0)
    return None
