"""Ways to attack a fine-tuned model, one file each; the file name is the name in a recipe."""
