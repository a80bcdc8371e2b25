"""The rules of appraisal and pay: pure functions over exact values."""
