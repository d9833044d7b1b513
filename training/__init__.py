"""Training of the project's own embedded model and of its fine-tuned adapters."""
