"""Prometheus: one endpoint, on which any process shows what the broker knows, and memory here."""
