"""`python -m qspec.cli`."""

from qspec.cli import main

if __name__ == "__main__":
    main()
