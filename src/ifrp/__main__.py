"""`python -m ifrp` is the command line, too."""

from ifrp.cli import main

main()
