#!/usr/bin/env python3
"""Takes pictures of a dashboard: wide and narrow, light and dark.

usage: dashboard_shots.py FOLDER [URL [SECONDS]]
URL is that of a running gyre with traffic; without one, the traffic is made up. SECONDS is how long
each page collects before its picture is taken.
"""

import contextlib
import pathlib
import sys
import time

import PIL.Image

from browser import browser
from dashboard_page import LIVE, server

SHOTS = [("desktop-light", 1280, 1180, False), ("desktop-dark", 1280, 1180, True),
         ("phone-light", 375, 1240, False), ("phone-dark", 375, 1240, True)]
SECONDS = 65
COLOURS = 256


def shrink(file):
    """Keeps the colours that a picture has most of, as they are: the page's own, and most edges."""
    image = PIL.Image.open(file).convert("RGB")
    counts = sorted(image.getcolors(image.width * image.height), reverse=True)[:COLOURS]
    palette = PIL.Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in counts for part in colour])
    image.quantize(palette=palette, dither=PIL.Image.Dither.NONE).save(file, optimize=True)


def main():
    folder = pathlib.Path(sys.argv[1])
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else SECONDS
    with contextlib.ExitStack() as stack:
        url = sys.argv[2] if len(sys.argv) > 2 else stack.enter_context(server())[1]
        running = stack.enter_context(browser())
        tabs = [running.tab() for _ in SHOTS]
        for tab, (_, width, height, dark) in zip(tabs, SHOTS):
            tab.open(url, width, height, dark)
            tab.wait(LIVE)
        time.sleep(seconds)
        for tab, (name, _, height, _) in zip(tabs, SHOTS):
            tab.call("Page.bringToFront")
            # Something new has come, and was drawn.
            tab.evaluate("new Promise((done) => setTimeout(done, 1500))")
            file = folder / f"{name}.png"
            tab.screenshot(file, height)
            shrink(file)


if __name__ == "__main__":
    main()
