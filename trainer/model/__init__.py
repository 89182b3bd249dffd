"""The model in training: the frozen base, LoRA layers, attention, loss, and their kernels."""
