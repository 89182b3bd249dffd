"""Conversion: a safetensors checkpoint becomes an OpenVINO graph with packed weights, once.

`architecture` says what can be converted, `quantise` packs one matrix, `parts` keeps packed
matrices on disk, `graph` builds the model of them, `store` owns the folder in the cache.
"""
