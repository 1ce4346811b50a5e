"""A market of any size, made from the shipped catalogue, and what auditing it costs (`python -m benchmarks`)."""
