"""What a program may show of itself: all of it must be the same with counters."""
from __future__ import annotations

import atexit
import os
import sys
import threading

import package
from package import part

WIDTH = 3


class Resource:
    limit: WIDTH > 2 and int = 4

    def __init__(self, name):
        self.name, self.state = name, WIDTH

    def __del__(self):
        if self.state == 3 and self.name:
            self.close()

    def close(self):
        print("closed", self.name)


def numbers(n):
    try:
        for i in range(n):
            if i % 2 == 0 or i > 7 and i != 9:
                continue
            yield i
        else:
            yield -1
    finally:
        print("finally")


def chain(n):
    try:
        return part.divide(n)
    except ZeroDivisionError as error:
        raise ValueError("wrapped") from error


def thread():
    print("thread", [x for x in numbers(12)], 1 <= WIDTH < 4, "x" == WIDTH, 3.0 == 3)


if __name__ == "__main__":
    print(__doc__, __file__, sys.argv, sys.path[0], __spec__, sorted(globals()), type(__loader__).__name__, __loader__.path)
    print(part.__file__, part.__spec__.origin, part.source())
    print(sorted(m for m in sys.modules if "encodings" not in m), getattr(sys, "orig_argv", None), Resource.__annotations__)
    atexit.register(print, "at exit")
    resource = Resource("global")
    suspended = numbers(5)
    next(suspended)
    sys.stdout.flush()
    if os.fork() == 0:
        thread()
        sys.stdout.flush()
        os._exit(0)
    os.wait()
    t = threading.Thread(target=thread)
    t.start()
    t.join()
    if len(sys.argv) > 1 and sys.argv[1] == "exit":
        sys.exit("with a message")
    if len(sys.argv) > 1 and sys.argv[1] == "assert":
        assert WIDTH < 3 and part, "the width"
    chain(0)
