"""The SQL of people, schemes, scorecards and results, one file per noun."""
