"""Put counters into a Python program, without changing what it does.

Usage: python3 -I instrument.py FOLDER SCRIPT OUT

Each source file below FOLDER is compiled to a .pyc in OUT, with a counter at the beginning of each block. Nothing
of it is executed. The script's .pyc begins with a few statements that map the counters, have the
other files imported from their .pyc, and then make everything look as if Python had been given the
script itself. Lines, columns and names are those of the source, so tracebacks are, too.

What was done goes to standard output as JSON: the files, the lines of each counter, and the constants of the source.
"""

import ast
import importlib.util
import json
import marshal
import os
import sys

# The names of the counters in a program. They end in underscores, so that they are not mangled in classes.
MAP, NEXT, NEAR, HIT = "__netproctor_map__", "__netproctor_next__", "__netproctor_near__", "__netproctor_hit__"

SKIPPED = {"__pycache__", "node_modules", "site-packages", "venv", "env"}
MOST_FILES, MOST_BYTES, MOST_CELLS = 200, 1 << 20, 1 << 16

# How many counters tell how near a number came to the constant that it was compared with.
STEPS = 10

# Constants below this are met by chance, and compared with most often.
NEAR_FROM = 3

# What the script does first. {...} is filled in.
PROLOGUE = '''
def __netproctor__():
    import sys
    base, folder, script, cells, modules = {constants}
    real = sys.modules.copy()
    import _imp, builtins, gc, marshal, os
    from _frozen_importlib_external import SourceFileLoader
    frame = sys._getframe(1)
    here = os.getcwd()
    try:
        import mmap
        f = os.open(os.path.join(here, "..", {map!r}), os.O_RDWR | os.O_CLOEXEC)
        counters = mmap.mmap(f, cells)
        os.close(f)
    except Exception:
        counters = bytearray(cells)
    counters[0] = 1

    def near(cell, value, constant, counters=counters):
        if type(value) is int:
            counters[cell + min((value - constant).bit_length(), {last})] = 1
        return value

    def apart(f):
        """Return the function, but not as one of the program's, which would keep all that is in its module alive."""
        return type(f)(f.__code__, {{"__builtins__": builtins}}, f.__name__, f.__defaults__, f.__closure__)

    names = {{{MAP!r}: counters, {NEXT!r}: bytes(range(1, 256)) + b"\\xff", {NEAR!r}: apart(near), {HIT!r}: counters.__setitem__}}
    # When Python ends it puts the builtins back that it began with, and goes on to call finalizers.
    for d in gc.get_objects():
        if type(d) is dict and d.get("__name__") == "builtins" and d.get("__build_class__") is __build_class__:
            d.update(names)
    vars(builtins).update(names)

    base = base or here
    compiled = {{os.path.join(base, *name.split("/")): os.path.join(folder, at) for name, at in modules}}
    normal = SourceFileLoader.get_code

    def get_code(self, fullname):
        at = compiled.get(os.path.normpath(self.path))
        if at is None:
            return normal(self, fullname)
        with open(at, "rb") as f:
            f.seek({header})
            code = marshal.load(f)
        _imp._fix_co_filename(code, self.path)
        return code

    SourceFileLoader.get_code = apart(get_code)

    path = script
    if sys.version_info >= (3, 9) and not script.startswith("/"):
        path = here + "/" + script
    _imp._fix_co_filename(frame.f_code, path)
    frame.f_globals["__file__"] = path
    frame.f_globals["__loader__"] = SourceFileLoader("__main__", path)
    if sys.path and sys.path[0] == folder:
        sys.path[0] = os.path.dirname(os.path.realpath(script))
    if hasattr(sys, "orig_argv"):
        sys.orig_argv = [script if a == sys.argv[0] else a for a in sys.orig_argv]
    sys.argv[0] = script
    for name in set(sys.modules) - set(real):
        del sys.modules[name]
__netproctor__()
del __netproctor__
'''


class Instrumenter(ast.NodeTransformer):
    """Insert the counters of one file."""

    def __init__(self, cells, file, known):
        self.cells, self.file, self.known = cells, file, known

    def cell(self, lines=(), count=1):
        """Return the number of a new counter, or of the first of several."""
        at = len(self.cells)
        self.cells.append({"cell": at, "file": self.file, "lines": lines} if lines else None)
        self.cells.extend([{"far": 1}] * (count - 1))
        return at

    def counter(self, at, like, counted):
        """Return a statement that notes that it was executed, and if counted how often."""
        def place(context):
            return ast.Subscript(value=name(MAP), slice=index(at), ctx=context)
        value = ast.Constant(value=1)
        if counted:
            value = ast.Subscript(value=name(NEXT), slice=index_of(place(ast.Load())), ctx=ast.Load())
        return located(ast.Assign(targets=[place(ast.Store())], value=value), like)

    def block(self, body, counted=False):
        """Return the statements with counters: at the beginning, and behind each from which there may be no return."""
        done, rest = [], list(body)
        while rest and (is_docstring(rest[0]) and not done or is_future(rest[0])):
            done.append(rest.pop(0))
        while rest:
            straight = [rest.pop(0)]
            while rest and not branches(straight[-1]):
                straight.append(rest.pop(0))
            lines = [r for s in straight for r in own_lines(s)]
            done.append(self.counter(self.cell(lines), straight[0], counted))
            counted = False
            done.extend(self.visit(s) for s in straight)
        return done

    def generic_visit(self, node):
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list"):
                continue  # they may be wanted as they stand
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                if isinstance(node, ast.ClassDef):
                    node.body = [self.visit(s) for s in value]
                    continue
                counted = field == "body" and isinstance(node, (ast.For, ast.AsyncFor, ast.While))
                setattr(node, field, self.block(value, counted))
            elif isinstance(value, list):
                setattr(node, field, [self.visit(v) if isinstance(v, ast.AST) else v for v in value])
            elif isinstance(value, ast.AST):
                setattr(node, field, self.visit(value))
        return node

    def visit_If(self, node):
        """Take "if a and b" apart into "if a" and "if b", so that each has a counter."""
        if not node.orelse and isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And):
            for value in reversed(node.test.values[1:]):
                inner = ast.copy_location(ast.If(test=value, body=node.body, orelse=[]), value)
                node.body = [inner]
            node.test = node.test.values[0]
        return self.generic_visit(node)

    def visit_BoolOp(self, node):
        """Note which of the operands of another "and" were looked at. This costs more."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Or):
            return node
        for i, value in enumerate(node.values[1:], 1):
            call = ast.Call(func=name(HIT), args=[ast.Constant(value=self.cell()), ast.Constant(value=1)], keywords=[])
            node.values[i] = located(ast.BoolOp(op=ast.Or(), values=[call, value]), value)
        return node

    def visit_Compare(self, node):
        """Note how near a number came to the constant that it is compared with."""
        self.generic_visit(node)
        operands = [node.left] + node.comparators
        numbers = [self.number(o) for o in operands]
        for i, op in enumerate(node.ops):
            if not isinstance(op, (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
                continue
            for at, other in ((i, i + 1), (i + 1, i)):
                if numbers[at] is None and numbers[other] is not None and numbers[other] >= NEAR_FROM:
                    call = ast.Call(func=name(NEAR), keywords=[], args=[
                        ast.Constant(value=self.cell(count=STEPS)), operands[at], ast.Constant(value=numbers[other])])
                    operands[at] = located(call, operands[at])
        node.left, node.comparators = operands[0], operands[1:]
        return node

    def number(self, node):
        """Return what an operand is for sure, or probably, if that is an integer."""
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return node.value
        return self.known.get(node.id) if isinstance(node, ast.Name) else None

    def visit_JoinedStr(self, node):
        return node


def name(s):
    return ast.Name(id=s, ctx=ast.Load())


def index_of(node):
    return node if sys.version_info >= (3, 9) else ast.Index(value=node)


def index(n):
    return index_of(ast.Constant(value=n))


def located(node, like):
    """Give a new node, and what was made with it, the place of another one."""
    for child in ast.walk(node):
        if not hasattr(child, "lineno") and "lineno" in child._attributes:
            ast.copy_location(child, like)
    return node


def branches(statement):
    return isinstance(statement, (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith) +
                      tuple(getattr(ast, n) for n in ("TryStar", "Match") if hasattr(ast, n)))


def own_lines(statement):
    """Return the ranges of lines that are executed if a statement is, without what lies behind branches of it."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [[statement.lineno, statement.lineno]]
    if branches(statement):
        inner = getattr(statement, "body", None) or statement.cases[0].body
        return [[statement.lineno, max(statement.lineno, inner[0].lineno - 1)]]
    return [[statement.lineno, statement.end_lineno]]


def is_docstring(s):
    return isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) and isinstance(s.value.value, str)


def is_future(s):
    return isinstance(s, ast.ImportFrom) and s.module == "__future__"


class Constants(ast.NodeVisitor):
    """Collect the constants of a source, but not those that are only said."""

    def __init__(self):
        self.words, self.numbers = {}, {}

    def visit_Constant(self, node):
        value = node.value
        if type(value) is int and 0 <= value < 1 << 64:
            self.numbers[value] = None
        elif isinstance(value, str):
            self.words[value.encode("utf-8", "surrogatepass")] = None
        elif isinstance(value, bytes):
            self.words[value] = None

    def visit_Expr(self, node):
        if not isinstance(node.value, ast.Constant):  # else a docstring
            self.generic_visit(node)

    def visit_Call(self, node):
        if getattr(node.func, "id", getattr(node.func, "attr", "")) not in ("print", "input", "exit"):
            self.generic_visit(node)

    def visit_Raise(self, node):
        pass

    def visit_JoinedStr(self, node):
        pass

    def folded(self, code):
        """Collect what the compiler has computed."""
        for c in code.co_consts:
            if hasattr(c, "co_consts"):
                self.folded(c)
            elif type(c) is int and 0 <= c < 1 << 64:
                self.numbers.setdefault(c)


def known_numbers(tree):
    """Return the integers that a module gives to names."""
    known = {}
    for s in tree.body:
        if not isinstance(s, ast.Assign) or len(s.targets) != 1:
            continue
        pairs = [(s.targets[0], s.value)]
        if isinstance(s.targets[0], ast.Tuple) and isinstance(s.value, ast.Tuple):
            pairs = zip(s.targets[0].elts, s.value.elts)
        for target, value in pairs:
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and type(value.value) is int:
                known[target.id] = value.value
    return known


def sources(folder):
    """Yield the names of the source files, with slashes."""
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in SKIPPED and not f.startswith("."))
        for f in sorted(files):
            path = os.path.join(at, f)
            if f.endswith(".py") and os.path.isfile(path) and os.path.getsize(path) <= MOST_BYTES:
                yield os.path.relpath(path, folder).replace(os.sep, "/")


def write(path, code):
    with open(path, "wb") as f:
        f.write(importlib.util.MAGIC_NUMBER + bytes(12))
        marshal.dump(code, f)


def main(folder, script, out):
    cells, files, modules, trees = [None], [], [], {}  # the first says that there are counters
    constants, said = Constants(), []
    wanted = os.path.relpath(os.path.join(folder, script), folder)
    for at in sorted(sources(folder), key=lambda n: n != wanted)[:MOST_FILES]:
        before = len(cells)
        try:
            with open(os.path.join(folder, at), "rb") as f:
                source = f.read()
            tree = ast.parse(source, at)
            constants.visit(tree)
            constants.folded(compile(tree, at, "exec", dont_inherit=True))
            instrumenter = Instrumenter(cells, len(files), known_numbers(tree))
            tree.body = instrumenter.block(tree.body)
            if len(cells) > MOST_CELLS:
                raise ValueError("too large")
            compile(tree, at, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
            del cells[before:]
            if at == wanted:
                sys.exit("%s: %s" % (script, error))
            said.append("%s: %s" % (at, error))
            continue
        trees[at] = tree
        files.append(at)
    if wanted not in trees:
        sys.exit("%s: not found among the sources" % script)
    for n, at in enumerate(files):
        if at != wanted:
            write(os.path.join(out, "%d.pyc" % n), compile(trees[at], at, "exec", dont_inherit=True))
            modules.append((at, "%d.pyc" % n))
    tree = trees[wanted]
    first = 0
    while first < len(tree.body) and (is_docstring(tree.body[first]) and first == 0 or is_future(tree.body[first])):
        first += 1
    prologue = ast.parse(PROLOGUE.format(
        constants=(folder if os.path.isabs(script) else "", out, script, len(cells), tuple(modules)), map="netproctor.map", last=STEPS - 1, header=16, MAP=MAP, NEXT=NEXT, NEAR=NEAR, HIT=HIT))
    tree.body[first:first] = prologue.body
    write(os.path.join(out, "main.pyc"), compile(tree, wanted, "exec", dont_inherit=True))
    json.dump({
        "cells": len(cells), "blocks": [c for c in cells if c and "cell" in c],
        "far": [i for i, c in enumerate(cells) if c and "far" in c], "files": files, "skipped": said,
        "words": [w.hex() for w in constants.words if w], "numbers": list(constants.numbers),
    }, sys.stdout)


if __name__ == "__main__":
    if sys.version_info < (3, 8) or sys.implementation.name != "cpython":
        sys.exit("wanted CPython 3.8 or later, this is %s %d.%d" % (sys.implementation.name, *sys.version_info[:2]))
    main(*sys.argv[1:])
