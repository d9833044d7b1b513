"""LoRA fine-tuning by recipe, and the matrix that evaluates what came of it."""
