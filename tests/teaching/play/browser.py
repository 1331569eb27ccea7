"""A headless Chromium, driven over a pipe by its DevTools protocol: no further package is needed."""

import base64
import json
import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), None)
WORDS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe")


class Browser:
    """One page in one browser process; commands are answered in order."""

    def __init__(self, folder, width=1280, height=1000):
        to_child, own_out = os.pipe()
        own_in, from_child = os.pipe()
        words = [CHROMIUM, *WORDS, f"--user-data-dir={folder}", f"--window-size={width},{height}", "about:blank"]
        # The browser reads commands from descriptor 3 and answers on 4.
        script = f'exec "$@" 3<&{to_child} 4>&{from_child}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, "bash", *words], pass_fds=(to_child, from_child), stderr=subprocess.DEVNULL
        )
        os.close(to_child)
        os.close(from_child)
        self._out, self._in = os.fdopen(own_out, "wb", buffering=0), os.fdopen(own_in, "rb")
        self._count, self._session, self._left = 0, None, b""
        (target,) = [t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        self._session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        self.ask("Page.enable")

    def ask(self, method, **parameters):
        """Send a command, and return its answer; events on the way are dropped."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]

    def _next(self):
        while b"\0" not in self._left:
            part = self._in.read1(1 << 16)
            assert part, "the browser ended"
            self._left += part
        first, _, self._left = self._left.partition(b"\0")
        return json.loads(first)

    def open(self, path, fragment=""):
        answer = self.ask("Page.navigate", url=path.as_uri() + fragment)
        while "loaderId" in answer and self._next().get("method") != "Page.loadEventFired":
            pass

    def run(self, script):
        """Return the value of an expression in the page."""
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def click(self, selector):
        x, y = self.run(
            f"(() => {{ const r = document.querySelector({selector!r}).getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2] })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def touch(self, x, y):
        self.ask("Emulation.setTouchEmulationEnabled", enabled=True)
        self.ask("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def shoot(self, path, dark=False, width=1280, height=1000):
        """Write a screenshot."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        self._out.close()
        self._process.terminate()
        self._process.wait(30)
