"""What ingest does in one transaction: facts in, refused rows again, pulls."""
