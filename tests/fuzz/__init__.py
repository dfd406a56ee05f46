"""Any bytes whatever as a job or a CSV file: fuzzers that look for new code, and what they found."""
