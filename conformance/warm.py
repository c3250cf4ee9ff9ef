# Starts a Python program again and again, as python3 SCRIPT ARGUMENTS... would,
# without the time that an interpreter takes to begin: everything is loaded, and a
# start is a fork. Orders come over a connection, a line of JSON each.
import gc
import json
import os
import select
import signal
import socket
import sys
from importlib.machinery import SourceFileLoader

for name in ("argparse asyncio collections concurrent.futures contextlib dataclasses datetime enum errno functools hashlib io "
             "itertools logging math pathlib queue random re selectors shutil socketserver ssl string struct subprocess tempfile "
             "textwrap threading time traceback typing").split():
    try:
        __import__(name)
    except ImportError:
        pass

orders = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
lines = orders.makefile("rb")


def tell(**report):
    orders.sendall(json.dumps(report).encode() + b"\n")


def start(order):
    """Fork. The child gets None, the parent the child."""
    stdin, held = os.pipe()  # input that never comes
    gc.freeze()
    pid = os.fork()
    if pid:
        os.close(stdin)
        tell(pid=pid)
        return pid, os.pidfd_open(pid), held
    os.setsid()
    os.dup2(stdin, 0)
    os.close(stdin)
    os.close(held)
    lines.close()
    orders.close()
    gc.unfreeze()
    os.chdir(order["dir"])
    return None


child = None
while True:
    ready = select.select([orders] + ([child[1]] if child else []), [], [])[0]
    if child and child[1] in ready:
        tell(exit=os.waitpid(child[0], 0)[1])
        os.close(child[1])
        os.close(child[2])
        child = None
    if orders in ready:
        line = lines.readline()
        if not line:
            os._exit(0)
        order = json.loads(line)
        if "argv" in order:
            child = start(order)
            if child is None:
                break
        elif child:
            os.kill(child[0], order["signal"])
            if order["signal"] == signal.SIGKILL:
                try:
                    os.killpg(child[0], signal.SIGKILL)
                except ProcessLookupError:
                    pass



def run(argv):
    """Make this process what it would be, had it been started with the script."""
    sys.argv[:] = argv
    sys.path[0] = os.path.dirname(os.path.realpath(argv[0]))
    path = os.path.abspath(argv[0])
    with open(path, "rb") as source:
        code = compile(source.read(), path, "exec")
    main = sys.modules["__main__"].__dict__
    loader = SourceFileLoader("__main__", path)
    for name in list(main):
        if not name.startswith("__"):
            del main[name]
    main.update(__file__=path, __loader__=loader)
    exec(code, main)


run(order["argv"])
