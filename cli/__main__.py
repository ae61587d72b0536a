"""``python -m cli`` is ``net``."""

from cli.main import main

main()
