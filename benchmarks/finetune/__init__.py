"""Fine-tuning measured on real labelled data."""
