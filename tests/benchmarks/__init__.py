"""Benchmarks: scripts that measure speed and agreement, each run by itself on an idle machine."""
