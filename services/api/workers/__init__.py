"""What is done behind the requests: one file for each worker."""
