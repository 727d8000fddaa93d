"""Property tests draw the same cases every time, or new ones where FIRSTWORDS_TEST_DRAWS is `random`."""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None, print_blob=True)
settings.load_profile("random" if os.environ.get("FIRSTWORDS_TEST_DRAWS") == "random" else "same")
