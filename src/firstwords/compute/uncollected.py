"""The garbage collector rests while modules are loaded, which stay: a module for fork servers to import first.

`firstwords.compute.frozen`, imported last, starts it again.
"""

import gc

gc.disable()
