"""Models on disk, made for the tests: tiny ones, quantised ones, one that thinks."""
