"""What `balanced` needs to read a page, loaded: a module for fork servers to import, so that their workers need not."""

from firstwords.data.extractor import read_first_page
from firstwords.data.extractors.balanced import Balanced

read_first_page(Balanced())
