"""The GraphQL door: read-only, one file per noun, types above queries."""
