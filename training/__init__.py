"""Entry points: train, evaluate, benchmarks. The only place that chooses devices."""
