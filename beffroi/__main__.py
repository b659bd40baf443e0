"""``python -m beffroi``: the same as the ``beffroi`` command."""

from beffroi.cli import main

if __name__ == "__main__":
    main()
