"""Where a checkpoint's tensors are read from: `safetensors_files`, or a GGUF file (`gguf_tensors`).

Those that are quantised already come to a `grid`: `method` says which ways are known, `stored` what
is known of a matrix before it is read, `awq`, `compressed_tensors` and `gguf_blocks` what the bytes
mean, `layers` picks one of them, `loss` measures what packing them again changes.
"""
