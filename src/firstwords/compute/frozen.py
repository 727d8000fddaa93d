"""Everything that is loaded is here to stay: a module for fork servers to import last.

The garbage collector writes into every object that it looks at, so a collection in a forked process makes a copy of
nearly every page that it shared with its parent; what is frozen is not looked at (`gc.freeze`).
"""

import gc

gc.freeze()
gc.enable()
