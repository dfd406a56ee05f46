"""Any bytes whatever as the body of a job: a fuzzer that looks for new code, and what it found, replayed."""
