"""From documents to checkpoints: questions, fine-tuning, and the embedded base model."""
