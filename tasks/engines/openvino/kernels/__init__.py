"""Our own kernels for 4-bit models: C++ that is built once on the machine it runs on.

`blocks.hpp` multiplies, `adapter.hpp` adds LoRA, `operations.cpp` makes OpenVINO operations of
them; `build` compiles and checks the library, `check` is that check, `active` sets the adapter.
"""
