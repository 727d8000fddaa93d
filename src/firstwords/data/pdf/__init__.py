"""From a PDF file to paragraphs: the lines of each page (`pages`), and what their places say (`layout`)."""
