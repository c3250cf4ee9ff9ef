import inspect
import sys


def divide(n):
    if n == 0:
        return (
            1
            / n
        )
    return n


def source():
    return inspect.getsource(divide), sys._getframe(1).f_code.co_filename
