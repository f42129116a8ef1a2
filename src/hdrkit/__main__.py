"""`python -m hdrkit` is the `hdrkit` command."""

from hdrkit.cli.app import main

if __name__ == "__main__":
    main()
