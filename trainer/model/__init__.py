"""The model in training: the frozen base, LoRA's layers, attention, loss, and their kernels."""
