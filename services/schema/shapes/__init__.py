"""The nouns as frozen values; one file for each, named alike in every room."""
