"""Fine-tuning beside transformers' Trainer and other peers."""
