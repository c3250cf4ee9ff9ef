"""Count the lines that a Python program executes by sys.monitoring, for what instrument.py cannot take.

Usage: python3 -I monitor.py FOLDER (file|module) NAME OUT, with instrument.py in OUT

Written is OUT/main.py, which runs the file or the module of that name as Python does, and notes the first time that
each line of a source below FOLDER is executed. Nothing of the sources is executed here. What was done goes to
standard output as JSON, as instrument.py says it; each line is a block.
"""

import ast
import json
import os
import sys

RUN = '''
def __netproctor__():
    import mmap, os, sys
    here = os.getcwd()
    f = os.open(os.path.join(here, "..", {map!r}), os.O_RDWR | os.O_CLOEXEC)
    counters = mmap.mmap(f, {size})
    os.close(f)
    counters[0] = 1
    base = {base!r} or here
    cells = {{os.path.join(base, *name.split("/")): at for name, at in {cells!r}}}
    watch = sys.monitoring

    def line(code, n):
        cell = cells.get(code.co_filename, {{}}).get(n)
        if cell:
            counters[cell] = 1
        return watch.DISABLE

    watch.use_tool_id(watch.COVERAGE_ID, "netproctor")
    watch.register_callback(watch.COVERAGE_ID, watch.events.LINE, line)
    watch.set_events(watch.COVERAGE_ID, watch.events.LINE)
    sys.path[0] = {path}
    sys.argv[0] = {name!r}
__netproctor__()
del __netproctor__
{run}
'''

# How Python runs a script, and how it runs a module. The path of a script is made absolute.
FILE = '''
__file__ = __import__("os").path.abspath({name!r})
exec(compile(open(__file__, "rb").read(), __file__, "exec"), globals())
'''
MODULE = '''
__import__("runpy")._run_module_as_main({name!r})
'''
PATHS = {"file": "os.path.dirname(os.path.realpath({name!r}))", "module": "here"}


def lines_of(code):
    """Yield the lines that a code object and those within it can execute."""
    yield from (line for _, _, line in code.co_lines() if line)
    for c in code.co_consts:
        if hasattr(c, "co_lines"):
            yield from lines_of(c)


def main(folder, kind, name, out):
    sys.path.insert(0, out)
    from instrument import MOST_CELLS, MOST_FILES, Constants, sources
    constants, files, blocks, cells, said = Constants(), [], [], [], []
    script = os.path.relpath(os.path.join(folder, name), folder)
    names = [script] if kind == "file" else []
    for at in names + [n for n in sources(folder) if n not in names][:MOST_FILES]:
        try:
            with open(os.path.join(folder, at), "rb") as f:
                tree = ast.parse(f.read(), at)
            constants.visit(tree)
            code = compile(tree, at, "exec", dont_inherit=True)
            constants.folded(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
            if at in names:
                sys.exit("%s: %s" % (name, error))
            said.append("%s: %s" % (at, error))
            continue
        table = {}
        for line in sorted(set(lines_of(code))):
            if len(blocks) + 1 < MOST_CELLS:
                table[line] = len(blocks) + 1
                blocks.append({"cell": table[line], "file": len(files), "lines": [[line, line]]})
        cells.append((at, table))
        files.append(at)
    base = folder if kind == "file" and os.path.isabs(name) else ""
    with open(os.path.join(out, "main.py"), "w") as f:
        f.write(RUN.format(map="netproctor.map", size=len(blocks) + 1, base=base, cells=cells, name=name,
                           path=PATHS[kind].format(name=name), run={"file": FILE, "module": MODULE}[kind].format(name=name)))
    json.dump({
        "cells": len(blocks) + 1, "blocks": blocks, "far": [], "files": files, "skipped": said,
        "words": [w.hex() for w in constants.words if w], "numbers": list(constants.numbers),
    }, sys.stdout)


if __name__ == "__main__":
    if not hasattr(sys, "monitoring"):
        sys.exit("wanted CPython 3.12 or later, this is %s %d.%d" % (sys.implementation.name, *sys.version_info[:2]))
    main(*sys.argv[1:])
