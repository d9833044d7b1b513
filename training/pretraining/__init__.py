"""The embedded base model: tokenizer, packed rows, training from random weights, probes."""
