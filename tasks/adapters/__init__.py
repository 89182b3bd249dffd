"""The adapters of a home: listed, verified, switched, and shared with other hosts."""
