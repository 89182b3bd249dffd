"""The reference engine: any causal LM that transformers loads, with PEFT adapters."""
