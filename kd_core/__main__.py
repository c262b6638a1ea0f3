"""``python -m kd_core``: the command line."""

from kd_core.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
