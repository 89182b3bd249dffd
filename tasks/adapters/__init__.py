"""The adapters of a home: listed, switched, and shared with other hosts."""
