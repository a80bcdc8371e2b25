"""The receipt of a scorecard, recomputed offline by code that shares nothing with what scored it.

Nothing of Kaohe is imported here, and a contract in `pyproject.toml` keeps it so: a mistake of the
scoring room would otherwise agree with itself.
"""
