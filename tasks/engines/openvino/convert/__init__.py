"""Conversion of a checkpoint into an OpenVINO graph with packed weights.

`architecture` says what can be converted, `precision` chooses each matrix's format, `calibration`
measures which of its columns matter, `quantise` and `pack` pack it, or `on_grid` where it is
quantised already, which `sources` reads; `packing` does so for all matrices, `matrix_store` keeps
packed ones on disk, `graph` and `kernel_graph` build the model of them, `conversion` runs it all,
`converted` is the resulting folder in the cache.
"""
