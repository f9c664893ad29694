"""`python -m gradcmp`."""

from gradcmp.cli.main import main

main()
