"""
A Pi or another device that is often offline: at boot it takes the newest release that it can get, else the last good one.

    python3 edge_device.py tcn-vae https://models.example.org/ /srv/models

prints the folder of a release of which every file is proven, for the service that starts next. `current` in that folder's
parent is a link to it, replaced in one step, so that a running service never sees half of a release.
"""

import os
import sys

import weighbridge_get


def newest(collection, mirror, cache, seconds=120):
    """The folder of the newest release that is whole here, after trying for so many seconds to get a newer one."""
    try:
        report = weighbridge_get.pull(collection, base=mirror, cache=cache, timeout=seconds)
    except weighbridge_get.Usage:
        raise
    except weighbridge_get.WeighbridgeError as error:
        print(f"{error}: going on with what is here", file=sys.stderr)
        report = None
    if report is None or not report["ok"]:
        return last_good(collection, cache)
    folder = os.path.join(os.path.abspath(cache), collection, report["version"])
    point_to(os.path.join(os.path.dirname(folder), "current"), report["version"])
    return folder


def last_good(collection, cache):
    """What `current` points to, if every byte of it is still right. Flash memory forgets."""
    current = os.path.join(os.path.abspath(cache), collection, "current")
    version = os.readlink(current)
    report = weighbridge_get.verify(f"{collection}@{version}", cache=cache, offline=True)
    if not report["ok"]:
        raise SystemExit(f"{collection}@{version} is damaged on this device")
    return os.path.join(os.path.dirname(current), version)


def point_to(link, version):
    os.makedirs(os.path.dirname(link), exist_ok=True)
    aside = f"{link}.{os.getpid()}"
    os.symlink(version, aside)
    os.replace(aside, link)


if __name__ == "__main__":
    print(newest(*sys.argv[1:4]))
