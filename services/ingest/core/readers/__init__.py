"""From a marketplace's page to facts: one file per marketplace."""
