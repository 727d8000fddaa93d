"""`python -m firstwords`."""

from firstwords.cli import main

main()
