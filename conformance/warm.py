# Starts a Python program again and again, as python3 SCRIPT ARGUMENTS... would,
# without the time that an interpreter takes to begin: what it imports is loaded, it
# is compiled, and a start is a fork. Orders come over the socket that is the
# standard input, a packet of JSON each, with three descriptors beside it.
#
# What is loaded costs at every start: so it is what the program imports, and hardly anything else.
import sys
at_start = set(sys.modules)

import _ast
import atexit
import gc
import os
import select
import socket
from _frozen_importlib_external import SourceFileLoader

SAFE = set("abc argparse array asyncio base64 binascii bisect codecs collections collections.abc concurrent concurrent.futures configparser "
           "contextlib copy csv dataclasses datetime decimal enum errno fcntl fractions functools getopt glob hashlib heapq http io ipaddress "
           "itertools json locale logging math mimetypes operator os os.path pathlib pickle platform pprint queue random re select selectors "
           "shlex shutil signal socket socketserver ssl stat statistics string struct subprocess sys tempfile textwrap threading time timeit "
           "traceback types typing unicodedata urllib urllib.parse uuid weakref zlib".split())
ONLY_AST = 0x400
children = {}  # by pidfd
compiled = {}  # by path


def imports(tree):
    """The names of the modules that a program imports."""
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, _ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, _ast.ImportFrom) and not node.level:
            yield node.module
            yield from (node.module + "." + alias.name for alias in node.names)
        for field in node._fields:
            value = getattr(node, field, None)
            nodes.extend(v for v in (value if isinstance(value, list) else [value]) if isinstance(v, _ast.AST))


def load(path, seen):
    """Import what a program does, and what its own modules do."""
    try:
        with open(path, "rb") as source:
            tree = compile(source.read(), path, "exec", ONLY_AST)
    except (OSError, SyntaxError, ValueError):
        return
    folder = os.path.dirname(path)
    for name in imports(tree):
        own = os.path.join(folder, *name.split("."))
        for file in own + ".py", os.path.join(own, "__init__.py"):
            if file not in seen and os.path.isfile(file):
                seen.add(file)
                load(file, seen)
                name = ""
        if name in SAFE:
            try:
                __import__(name)
            except ImportError:
                pass


def shadows(folder):
    """Whether a file of the program's own would be imported in place of what is loaded."""
    loaded = {name.partition(".")[0] for name in set(sys.modules) - at_start}
    return any(name.partition(".")[0] in loaded for name in os.listdir(folder))


def code_of(path):
    """The program, compiled once as long as its file stays the same; None if it cannot be."""
    try:
        with open(path, "rb") as source:
            text = source.read()
        if path not in compiled or compiled[path][0] != text:
            compiled[path] = text, compile(text, path, "exec", dont_inherit=True)
            gc.freeze()
        return compiled[path][1]
    except (OSError, SyntaxError, ValueError):
        return None


def start(program, streams):
    """Fork. The child gets the program, the parent its child."""
    os.chdir(program["Dir"])
    path = os.path.abspath(program["Args"][1])
    code = code_of(path)
    child = os.fork()
    if child:
        return child, None
    os.setsid()
    control.close()
    for pidfd in children:
        os.close(pidfd)
    for number, fd in enumerate(streams):
        os.dup2(fd, number)
    for variable in program["Env"]:
        name, _, value = variable.partition("=")
        if os.environ.get(name) != value:
            os.environ[name] = value
    return None, (program["Args"][1:], path, code)


def obey():
    """Do what the next order says. The child gets the program, the parent nothing."""
    packet, streams, _, _ = socket.recv_fds(control, 1 << 18, 3)
    if not packet:
        os._exit(0)
    order = eval(packet, {"true": True, "false": False, "null": None})
    child, program = start(order["Start"], streams)
    for fd in streams:
        os.close(fd)
    if child:
        pidfd = os.pidfd_open(child)
        children[pidfd] = child
        poll.register(pidfd, select.POLLIN)
        socket.send_fds(control, [b'{"ID":%d,"Pid":%d}' % (order["ID"], child)], [pidfd])
    return program


def bury(pidfd):
    """Tell of a child's end."""
    poll.unregister(pidfd)
    os.close(pidfd)
    child, status, used = os.wait4(children.pop(pidfd), 0)
    control.send(b'{"Pid":%d,"Exit":{"Wait":%d,"CPU":%d,"PeakRSS":%d}}' % (
        child, status, (used.ru_utime + used.ru_stime) * 1000000000, used.ru_maxrss << 10))


def leave(status, main, sys=sys, os=os, gc=gc, atexit=atexit, kept=(type(imports), type, type(sys))):
    """End as an interpreter does, but leave its memory to the kernel: to give all of
    it back piece by piece takes several times as long as the start. Where it would
    end in another way, it is to do that itself."""
    try:
        if status is not None and not isinstance(status, int):
            print(status, file=sys.stderr)
            status = 1
        threading = sys.modules.get("threading")
        if threading:
            threading._shutdown()
        atexit._run_exitfuncs()
        for final in False, True:
            for stream in sys.stdout, sys.stderr:
                if stream is not None and not stream.closed:
                    stream.flush()
            if not final:  # files that are open are written out, and what else a program's values do at their end
                for name, value in list(main.items()):
                    if not name.startswith("__") and not isinstance(value, kept):
                        main[name] = None
                value = None
                gc.collect()
        os._exit((status or 0) & 0xFF)
    except BaseException:
        sys.exit(status)


def run(argv, path, code, sys=sys, os=os, loader=SourceFileLoader, leave=leave):
    """Make this process what it would be, had it been started with the script."""
    sys.argv[:] = argv
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[1:] = argv
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    main = sys.modules["__main__"].__dict__
    for name in list(main):
        if not name.startswith("__"):
            del main[name]
    main.update(__file__=path, __cached__=None, __loader__=loader("__main__", path))
    status = None
    try:
        if code is None:
            with open(path, "rb") as source:
                code = compile(source.read(), path, "exec", dont_inherit=True)
        exec(code, main)
    except SystemExit as end:
        status = end.code
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        failed, status = (type(error), error, error.__traceback__.tb_next), 1  # without this frame
        sys.last_type, sys.last_value, sys.last_traceback = failed
        sys.excepthook(*failed)
        del failed, error
    leave(status, main)


sys.path.pop(0)  # the folder of programs is not where our own modules come from
load(os.path.abspath(sys.argv[1]), set())
"localhost".encode("idna")  # as whoever looks up an address does; to load that takes longer than a start
if shadows(os.path.dirname(os.path.abspath(sys.argv[1]))):
    os._exit(1)
gc.collect()
gc.freeze()
control = socket.socket(fileno=os.dup(0))
poll = select.poll()
poll.register(control, select.POLLIN)
program = None
while not program:
    for fd, _ in poll.poll():
        if fd in children:
            bury(fd)
        elif program := obey():
            break
run(*program)
