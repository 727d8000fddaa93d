"""Crawl of firstwords."""
