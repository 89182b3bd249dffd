"""Checkpoints that are quantised already: `method` says which are read, `awq`, `compressed_tensors`
what their tensors mean, `grid` what all of them come to, `loss` what packing it again changes.
"""
