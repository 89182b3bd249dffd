"""Scripts that measure; run each by itself on an idle machine."""
