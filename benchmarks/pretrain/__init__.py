"""Pre-training beside nanoGPT, nanochat, transformers, litgpt and x-transformers."""
