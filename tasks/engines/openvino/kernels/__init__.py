"""Our kernels for 4-bit models: C++ that is built once on the machine it runs on.

In `source`, `blocks.hpp` multiplies, `adapter.hpp` adds LoRA, `operations.cpp` and `experts.hpp`
make OpenVINO operations of them; `build` compiles the library, `check` compares it with numpy,
`active_adapter` loads an adapter into it.
"""
