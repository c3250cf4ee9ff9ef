"""A file client that is correct but does things in its own way.

It reads until the server closes or falls silent, looks at all of it then, and
moves the file into its place when everything was right.
Usage: python3 client.py HOST PORT FILENAME
"""

import os
import select
import socket
import struct
import sys
import tempfile
import time


def stop(*words):
    print("client:", *words, file=sys.stderr, flush=True)
    sys.exit(0)


def arguments():
    if len(sys.argv) != 4:
        stop("three arguments, please: HOST PORT FILENAME")
    host, port, name = sys.argv[1:]
    if not (port.isascii() and port.isdigit() and len(port) < 6) or int(port) not in range(1024, 64001):
        stop("the port is not one from 1024 to 64000")
    raw = os.fsencode(name)
    if len(raw) not in range(1, 1025):
        stop("no file has a name of", len(raw), "bytes here")
    if os.path.lexists(raw):
        stop("nothing to do, there is one already")
    return host, int(port), raw


def call(host, port):
    """Return a connection that does not block."""
    try:
        sock = socket.create_connection((host, port), 3)
    except (OSError, UnicodeError) as problem:
        stop("no connection:", problem)
    sock.setblocking(False)
    return sock


def chunks(sock):
    """Yield what comes, in odd sizes, and None for a silence of a second."""
    while True:
        if not select.select([sock], [], [], 1.05)[0]:
            yield None
            return
        piece = sock.recv(10007)
        if not piece:
            return
        yield piece


def receive(sock, out):
    """Copy all data to a file. Return (header, bytes of data, went silent)."""
    header, count = b"", 0
    for piece in chunks(sock):
        if piece is None:
            return header, count, True
        missing = 8 - len(header)
        header += piece[:missing]
        count += out.write(piece[missing:])
    return header, count, False


def judge(header, count, silent):
    """Say whether there is a file; stop if anything is wrong."""
    if len(header) < 8:
        stop("silence" if silent else "hung up", "after", len(header), "bytes")
    magic, kind, status, length = struct.unpack("!HBBL", header)
    if (magic, kind) != (0x497E, 2) or status > 1:
        stop("that was no answer:", header.hex())
    if status == 0:
        print("not there, says the server", flush=True)
        sys.exit(3)
    if silent and count < length:
        stop("the server fell silent,", length - count, "bytes are missing")
    if count != length:
        stop("of", length, "bytes there came", count)


def main():
    host, port, name = arguments()
    time.sleep(0.2)
    sock = call(host, port)
    try:
        sock.sendall(struct.pack("!HBH", 0x497E, 1, len(name)))
        sock.sendall(name)
        sock.shutdown(socket.SHUT_WR)
        with tempfile.TemporaryFile() as out:
            header, count, silent = receive(sock, out)
            judge(header, count, silent)
            out.seek(0)
            with open(name, "xb") as place:
                while piece := out.read(65536):
                    place.write(piece)
    except OSError as problem:
        stop("that went wrong:", problem)
    finally:
        sock.close()
    print("done:", count + 8, "bytes came in", flush=True)
    time.sleep(0.3)


if __name__ == "__main__":
    main()
