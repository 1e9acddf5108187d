"""Starts MiniStack, an emulator of AWS, with the patches beside this file. They change it in memory only.

    python launch.py [--without PATCH]...

MiniStack reads the rest from its environment: GATEWAY_PORT, BIND_HOST, AUTH and so on (start-aws-emulator.ts).
`--without` leaves one out: its tests must then fail, and where they do not, MiniStack has learned the behaviour.
"""

import importlib
import sys
from importlib.metadata import version
from pathlib import Path

PINNED = "1.5.33"
PATCHES = sorted(file.stem for file in (Path(__file__).parent / "patches").glob("*.py"))


def left_out(arguments):
    names = set()
    for option, name in zip(arguments[::2], arguments[1::2] or [None]):
        if option != "--without" or name not in PATCHES:
            sys.exit(f"launch.py takes --without with one of {', '.join(PATCHES)}, not {' '.join(arguments)}")
        names.add(name)
    return names


def main():
    found = version("ministack")
    if found != PINNED:
        sys.exit(f"the patches are written against MiniStack {PINNED}, not {found}")
    without = left_out(sys.argv[1:])
    for name in PATCHES:
        if name not in without:
            importlib.import_module(f"patches.{name}")
    from ministack import app

    # What is left are MiniStack's own arguments, of which there are none.
    del sys.argv[1:]
    app.main()


if __name__ == "__main__":
    main()
