"""What the artifacts of the data stages tell: scores, the way of a document, figures of a corpus, its card."""
