"""What `fast` needs to read a page, loaded: a module for fork servers to import, so that their workers need not."""

from contextlib import suppress

from firstwords.data.extractors.fast import Fast
from firstwords.data.source import Record

PAGE = b"<html><head><title>t</title></head><body><p>A first page loads everything.</p></body></html>"

# What goes wrong here goes wrong in a worker too, where it is told.
with suppress(Exception):
    Fast().extract(Record(origin="first", body=PAGE, media_type="text/html"))
