"""What Shopify's Admin GraphQL is asked with: every document that we send, word for word.

Nothing that names a buyer is asked for. A part that an application may not be allowed to see can
be left out of a document by the name of its field.
"""

from collections.abc import Collection

VERSION = "2026-10"
PAGE_ORDERS, PAGE_LINES = 10, 8
PAGE_SHELVES, PAGE_PLACES = 40, 5
"""A page costs points by what it could hold, and no question may cost more than 1,000."""
FORBIDDABLE = frozenset({"customer", "staffMember", "retailLocation"})
"""Fields with scopes of their own, without which an order can still be read."""

_MONEY = "{ shopMoney { amount currencyCode } }"
_LINE = f"""
  id sku quantity
  variant {{ id }}
  originalTotalSet {_MONEY}
  discountAllocations {{ allocatedAmountSet {_MONEY} }}"""


def orders_page(without: Collection[str]) -> str:
    """A page of orders, by the time at which they changed."""
    return _paged(_order(without, f"(first: {PAGE_LINES})", "nodes", "pageInfo"))


def refunds_page() -> str:
    """A page of orders for the sake of their refunds."""
    return _paged(_REFUNDS)


def shelves_page() -> str:
    """A page of articles, each with what lies of it at every place."""
    return f"""
query Shelves($first: Int!, $after: String) {{
  productVariants(first: $first, after: $after) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{
      id sku
      product {{ status }}
      inventoryItem {{ id tracked inventoryLevels(first: {PAGE_PLACES}) {_LEVELS} }}
    }}
  }}
}}"""


def bulk_orders(without: Collection[str], query: str) -> str:
    """The same orders as one file: no pages, and no variables."""
    return _in_bulk(_order(without, "", "edges", ""), query)


def bulk_refunds(query: str) -> str:
    return _in_bulk(_REFUNDS, query)


MORE_LINES = f"""
query Lines($id: ID!, $after: String) {{
  order(id: $id) {{
    id
    lineItems(first: 100, after: $after) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{{_LINE}
      }}
    }}
  }}
}}"""

RETURNED = """
query Returned($id: ID!) {
  refund(id: $id) {
    id
    refundLineItems(first: 100) { nodes { quantity restockType } }
  }
}"""

_LEVELS = """{
    pageInfo { hasNextPage endCursor }
    nodes { quantities(names: ["available", "on_hand"]) { name quantity } }
  }"""

MORE_PLACES = f"""
query Places($id: ID!, $after: String) {{
  inventoryItem(id: $id) {{
    id
    inventoryLevels(first: 100, after: $after) {_LEVELS}
  }}
}}"""

START_BULK = """
mutation Start($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: false) {
    bulkOperation { id status }
    userErrors { field message }
  }
}"""

LOOK_AT_BULK = """
query Look($id: ID!) {
  node(id: $id) {
    ... on BulkOperation { id status errorCode objectCount fileSize url }
  }
}"""

SCOPES = "query Scopes { currentAppInstallation { accessScopes { handle } } }"

SESSIONS = """
query Sessions($query: String!) {
  shopifyqlQuery(query: $query) {
    parseErrors
    tableData { columns { name dataType displayName } rows }
  }
}"""

_REFUNDS = f"""
      id updatedAt test
      refunds {{ id createdAt totalRefundedSet {_MONEY} }}"""


def sessions(first: str, last: str) -> str:
    """ShopifyQL for the visits of some days; both ends belong to them."""
    shown = "sessions, online_store_visitors, pageviews"
    return f"FROM sessions SHOW {shown} SINCE {first} UNTIL {last} GROUP BY day ORDER BY day"


def _order(without: Collection[str], few: str, inside: str, page: str) -> str:
    allowed = " ".join(f"{name} {{ id }}" for name in sorted(FORBIDDABLE - set(without)))
    page_info = f"{page} {{ hasNextPage endCursor }}" if page else ""
    line = f"{inside} {{{_LINE}\n }}" if inside == "nodes" else f"edges {{ node {{{_LINE}\n }} }}"
    return f"""
      id createdAt processedAt updatedAt cancelledAt closedAt test
      displayFinancialStatus displayFulfillmentStatus
      totalPriceSet {_MONEY}
      originalTotalPriceSet {_MONEY}
      totalDiscountsSet {_MONEY}
      discountCodes paymentGatewayNames sourceName
      {allowed}
      fulfillments {{ createdAt deliveredAt }}
      transactions {{ kind status processedAt amountSet {_MONEY} }}
      lineItems{few} {{ {page_info} {line} }}"""


def _paged(fields: str) -> str:
    return f"""
query Orders($first: Int!, $after: String, $query: String!) {{
  orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $query) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{{fields}
    }}
  }}
}}"""


def _in_bulk(fields: str, query: str) -> str:
    return f"""
{{
  orders(sortKey: UPDATED_AT, query: "{query}") {{
    edges {{ node {{{fields}
    }} }}
  }}
}}"""
