#!/usr/bin/env python3
"""The dashboard's page in a real browser, against reports that no real process makes on demand."""

import contextlib
import json
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

from browser import browser, die_with_parent

SERVER = pathlib.Path(__file__).with_name("live_server.py")
LIVE = "document.querySelector('#connection').dataset.state === 'live'"
LOST = "!document.querySelector('#banner').hidden"
BACK = f"document.querySelector('#banner').hidden && {LIVE}"
WIDTH = "document.scrollingElement.scrollWidth"
GROUND = "getComputedStyle(document.body).backgroundColor"
LOST_TEXT = r"Connection to Gyre lost, last data \d\d:\d\d:\d\d, trying again"


@contextlib.contextmanager
def server(*options, port=0):
    """A running server and the address of its page."""
    process = subprocess.Popen([sys.executable, "-B", str(SERVER), "--port", str(port), *options],
                               stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    try:
        yield process, f"http://127.0.0.1:{process.stdout.readline().strip()}/"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def text(tab, selector):
    return tab.evaluate(f"document.querySelector('{selector}').textContent")


def quiet(tab):
    """No console error, and nothing that the policy had to forbid."""
    tab.evaluate("new Promise((done) => setTimeout(done, 50))")
    assert tab.complaints == [], tab.complaints


def shows_what_is_reported(tab, url):
    tab.open(url)
    tab.wait(LIVE)
    tab.wait("document.querySelector('#requests').textContent.length > 2")
    assert text(tab, "#state-text") == "Serving, ready"
    assert text(tab, "#version") == "0.1.0"
    assert "up 3 d 4 h" in text(tab, "#process")
    rows = {"upstreams": 6, "listeners": 2, "routes": 4, "workers": 4, "connections": 5,
            "ends": 7, "totals": 6, "errors": 4}
    for part, count in rows.items():
        found = tab.evaluate(f"document.querySelectorAll('#{part} tbody tr').length")
        assert found == count, (part, found)
    # The same message again is told once.
    assert "connection was refused2 times" in text(tab, "#errors")
    drawn = """[...document.querySelectorAll('canvas')].map((canvas) => {
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size > 3;
    })"""
    assert tab.evaluate(drawn) == [True] * 4
    assert re.fullmatch(r"Requests per second, now: 2xx .+", tab.evaluate(
        "document.querySelector('canvas').getAttribute('aria-label')"))
    tab.click("#configuration summary")
    tab.wait("document.querySelector('#configuration-text').textContent.includes('listeners:')")
    quiet(tab)


FORMATS = [
    ("count", 1234567.2, "1,234,567"), ("amount", 9999, "9,999"), ("amount", 10_250, "10.3k"),
    ("amount", 0.84, "0.84"), ("amount", 1.5e9, "1.50G"), ("rate", 0, "0"), ("rate", 2.34, "2.3"),
    ("rate", 9.96, "10"), ("rate", 123_456.7, "123,457"), ("rate", 2.5e6, "2.50M"),
    ("micro", 0.4, "0.40 \u00b5s"), ("micro", 999.4, "999 \u00b5s"), ("micro", 1000, "1.00 ms"),
    ("micro", 12_345, "12.3 ms"), ("micro", 2e6, "2.00 s"), ("bytes", 1023, "1,023 B"),
    ("bytes", 1024, "1.00 KiB"), ("bytes", 5 << 30, "5.00 GiB"), ("share", 0, "0%"),
    ("share", 0.00004, "<0.01%"), ("share", 0.0123, "1.2%"), ("share", 1, "100%"),
    ("duration", 999, "0 s"), ("duration", 61_000, "1 min 1 s"),
    ("duration", 90_061_000, "1 d 1 h"),
] + [(name, None, "\u2013") for name in ["count", "amount", "rate", "micro", "bytes", "share"]]


def numbers_are_for_people(tab):
    for name, value, expected in FORMATS:
        shown = tab.evaluate(f"import('/dashboard/format.js').then("
                             f"(module) => module.{name}({json.dumps(value)}))")
        assert shown == expected, (name, value, shown)


def history_is_bounded(tab):
    found = tab.evaluate("""import('/dashboard/history.js').then(({History, samplesMax}) => {
        const history = new History(["a"]);
        const told = [];
        history.mark(500, "early");
        for (let at = 1; at <= samplesMax + 10; at += 1) history.push(at * 1000, {a: at});
        history.push(5000 * 1000, {});
        const last = history.length - 1;
        told.push(history.length === samplesMax, history.time(0), history.value("a", 0));
        told.push(history.marks.length, history.isGapBefore(last), history.isGapBefore(last - 1));
        told.push(Number.isNaN(history.value("a", last)), history.indexNear(12_400));
        told.push(history.indexNear(4_500_000));
        history.push(history.newest - 2000, {a: 1});
        told.push(history.length === samplesMax);
        history.push(1000, {a: 1});
        told.push(history.length);
        return told;
    })""")
    assert found == [True, 12_000, 12, 0, True, False, True, 0, -1, True, 1], found


def cursor_is_shared(tab):
    tab.wait("document.querySelector('#plots').isConnected")
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    tab.evaluate("document.querySelector('canvas').focus()")
    for _ in range(2):
        tab.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowLeft", code="ArrowLeft")
    tab.wait("document.querySelector('#cursor-time').textContent.startsWith('at ')")
    labels = "[...document.querySelectorAll('canvas')].map((c) => c.getAttribute('aria-label'))"
    assert all("at the cursor" in label for label in tab.evaluate(labels))
    tab.press("Escape")
    tab.wait("document.querySelector('#cursor-time').textContent === ''")


def press(tab, button):
    """Presses a button that asks first, once nothing that it was pressed for is under way."""
    tab.wait(f"document.querySelector('{button}').ariaBusy === 'false'")
    tab.click(button)
    tab.wait("document.querySelector('#confirm').open")


def drains(tab):
    row = "[aria-label$=\"app/10.0.0.11:8000\"]"
    press(tab, row)
    assert text(tab, "#confirm-title") == "Drain app/10.0.0.11:8000?"
    tab.press("Escape")
    tab.wait(f"document.activeElement === document.querySelector('{row}')")
    press(tab, row)
    tab.click("#confirm-yes")
    tab.wait("document.querySelector('.message')?.textContent.includes('2 still under way')")
    tab.wait(f"document.querySelector('{row}').textContent === 'Undrain'")
    press(tab, row)
    tab.click("#confirm-yes")
    tab.wait(f"document.querySelector('{row}').textContent === 'Drain'")
    quiet(tab)


def fits(tab, url):
    for width in [1280, 820, 375, 320]:
        tab.open(url, width)
        tab.wait(LIVE)
        tab.wait("document.querySelectorAll('#errors tbody tr').length > 0")
        assert tab.evaluate(WIDTH) <= width, (url, width, tab.evaluate(WIDTH))
    tab.click("#configuration summary")
    tab.wait("document.querySelector('#configuration-text').textContent.length > 0")
    assert tab.evaluate(WIDTH) <= 320
    quiet(tab)


def markup_is_text(tab, url):
    fits(tab, url)
    found = tab.evaluate("document.querySelectorAll('img, body script, iframe').length")
    assert found == 0, found
    assert "owned" not in tab.evaluate("document.title")
    for part in ["upstreams", "listeners", "routes", "ends", "errors", "configuration-text"]:
        shown = text(tab, f"#{part}")
        assert "<img src=x onerror=" in shown and "\\u202e" in shown, part
        assert "\u202e" not in shown, part
    press(tab, "#upstreams button")
    tab.click("#confirm-yes")
    tab.wait("document.querySelector('.message') !== null")
    quiet(tab)


def theme_follows_and_is_kept(tab, url):
    tab.open(url, dark=True)
    tab.wait(LIVE)
    dark = tab.evaluate(GROUND)
    tab.click("#theme")
    light = tab.wait(f"{GROUND} !== '{dark}' && {GROUND}")
    tab.open(url, dark=True)
    tab.wait(LIVE)
    assert tab.evaluate(GROUND) == light
    tab.click("#theme")
    tab.wait(f"{GROUND} === '{dark}'")
    quiet(tab)


def token_is_asked_for(tab):
    with server("--token", "0123456789abcdef") as (_, url):
        tab.open(url)
        for token in ["wrong-wrong-wrong", "0123456789abcdef"]:
            tab.wait("document.querySelector('#token').open")
            tab.evaluate("document.querySelector('#token-field').focus()")
            tab.type(token)
            tab.click("#token .primary")
            tab.wait(f"!document.querySelector('#token').open || {LIVE} ||"
                     " document.querySelector('#token-error').textContent !== ''")
        tab.wait(LIVE)
        kept = tab.evaluate("[sessionStorage.length, Object.values(localStorage).join()]")
        assert kept == [1, ""], kept
        tab.open(url)
        tab.wait(LIVE)


def loss_is_told(tab):
    with server() as (process, url):
        tab.open(url)
        tab.wait(LIVE)
        process.send_signal(signal.SIGSTOP)
        tab.wait(LOST, 15)
        assert re.fullmatch(LOST_TEXT, text(tab, "#banner-text")), text(tab, "#banner-text")
        assert tab.evaluate("document.body.classList.contains('stale')")
        assert tab.evaluate("document.title").startswith("Connection lost")
        process.send_signal(signal.SIGCONT)
        tab.wait(BACK)
    tab.wait(LOST)
    with server(port=int(re.search(r":(\d+)/", url)[1])):
        tab.wait(BACK)
        assert not tab.evaluate("document.body.classList.contains('stale')")


def main():
    began = time.monotonic()
    with browser() as running, server() as (_, url), server("--hostile") as (_, hostile):
        with urllib.request.urlopen(url, timeout=10) as page:
            assert page.status == 200
        checks = [
            (shows_what_is_reported, [url]), (numbers_are_for_people, None),
            (history_is_bounded, None), (cursor_is_shared, None), (drains, None),
            (fits, [url]), (markup_is_text, [hostile]), (theme_follows_and_is_kept, [url]),
            (token_is_asked_for, []), (loss_is_told, []),
        ]
        tab = None
        for check, arguments in checks:
            # Without arguments of its own a check goes on where the one before it has ended.
            tab = running.tab() if arguments is not None else tab
            check(tab, *(arguments or []))
            print(f"{time.monotonic() - began:5.1f} s  {check.__name__}", flush=True)


if __name__ == "__main__":
    main()
