"""Fine-tuning measured."""
