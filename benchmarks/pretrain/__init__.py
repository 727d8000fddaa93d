"""Pre-training beside nanoGPT, nanochat, transformers, litgpt, x-transformers and tokenizer libraries."""
