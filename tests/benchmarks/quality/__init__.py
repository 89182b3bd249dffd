"""What 4 bits lose: the converted model beside llama.cpp's formats, against the same model in fp32.

`texts` says what is read, `off_grid` moves a model off the grid its weights lie on, `ours` and
`peer` (llama.cpp) are the two sides, `llama_cpp_logits` is run by a Python with llama-cpp-python,
`gguf_file` writes what it reads, and `measures` compares logits.
"""
