"""A tenant's own mappings of files, each as the document that was put."""

from sqlalchemy import Table

from services.schema.tables.base import instant, key, metadata, tenant_column, text

# The document is text: what was put is given back as it was, and read anew by each import.
file_mappings = Table(
    "file_mappings",
    metadata,
    tenant_column(),
    key("code"),
    text("document"),
    text("author"),
    instant("stated_at"),
)
