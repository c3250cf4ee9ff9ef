"""A file server that is correct but does things in its own way.

A thread for each client, one byte at a time for the header, the whole request
within one second after accept, names that lead elsewhere refused, and files
sent by the system. Usage: python3 server.py PORT
"""

import errno
import os
import select
import socket
import stat
import struct
import sys
import threading
import time

REQUEST = struct.Struct("!HBH")
RESPONSE = struct.Struct("!HBBL")


def complain(*words):
    print("server:", *words, file=sys.stderr, flush=True)


class Visit(threading.Thread):
    """One client, from accept to close."""

    def __init__(self, conn):
        super().__init__(daemon=True)
        self.conn = conn
        self.deadline = time.monotonic() + 1.0

    def run(self):
        try:
            note = self.answer()
        except (OSError, ValueError) as problem:
            note = None
            complain("gave up on a client:", problem or type(problem).__name__)
        finally:
            self.conn.close()
        if note is not None:
            print(note, flush=True)

    def get(self, count, step):
        """Read count bytes before the deadline, at most step at once."""
        parts = b""
        while len(parts) < count:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise ValueError("the request took more than a second")
            self.conn.settimeout(left)
            part = self.conn.recv(min(step, count - len(parts)))
            if part == b"":
                raise ValueError("the request was cut short")
            parts += part
        return parts

    def refuse_more(self):
        """A request must not be followed by anything."""
        self.conn.setblocking(False)
        try:
            extra = self.conn.recv(1)
        except BlockingIOError:
            extra = b""
        if extra:
            raise ValueError("bytes follow the request")

    def answer(self):
        fields = REQUEST.unpack(self.get(REQUEST.size, 1))
        magic, kind, length = fields
        if magic != 0x497E or kind != 1 or not 0 < length < 1025:
            raise ValueError("not a request: %r" % (fields,))
        name = self.get(length, 7)
        self.refuse_more()
        if b"\0" in name or name.startswith(b"/") or b".." in name.split(b"/"):
            raise ValueError("a name that is not served: %r" % name)
        self.conn.settimeout(1)
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as problem:
            return self.refuse(problem.strerror)
        try:
            info = os.fstat(fd)
            if not stat.S_ISREG(info.st_mode) or info.st_size >= 1 << 32:
                return self.refuse("not a file to be sent")
            self.transfer(fd, info.st_size)
            return "transferred: %d bytes, %d of them data" % (info.st_size + RESPONSE.size, info.st_size)
        finally:
            os.close(fd)

    def refuse(self, why):
        self.conn.sendall(RESPONSE.pack(0x497E, 2, 0, 0))
        return "nothing to send: %s" % why

    def transfer(self, fd, size):
        """Send the header, and let the system copy the data."""
        self.conn.sendall(RESPONSE.pack(0x497E, 2, 1, size))
        done = 0
        while done < size:
            try:
                done += os.sendfile(self.conn.fileno(), fd, done, min(100000, size - done))
            except BlockingIOError:
                self.await_room()

    def await_room(self):
        """Wait for at most a second until the client has taken something."""
        poll = select.poll()
        poll.register(self.conn, select.POLLOUT)
        if not poll.poll(1000):
            raise ValueError("the client does not read")


def listen(port):
    """Listen on the address of this host's name, else on the loopback."""
    try:
        places = [socket.gethostbyname(socket.gethostname()), "127.0.0.1"]
    except OSError:
        places = ["127.0.0.1"]
    for place in places:
        sock = socket.socket()
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((place, port))
            sock.listen()
            return sock
        except OSError as problem:
            sock.close()
            if problem.errno != errno.EADDRNOTAVAIL:
                complain("cannot listen on", place, port, problem)
                return None
    complain("there is no address to listen on")
    return None


def main():
    if len(sys.argv) != 2:
        complain("wrong number of arguments, wanted PORT")
        return 2
    if not (sys.argv[1].isascii() and sys.argv[1].isdigit() and len(sys.argv[1]) < 6):
        complain("the port is not a number")
        return 2
    if int(sys.argv[1]) < 1024 or int(sys.argv[1]) > 64000:
        complain("the port is out of range, wanted 1024 to 64000")
        return 2
    time.sleep(0.2)
    sock = listen(int(sys.argv[1]))
    if sock is None:
        return 1
    while True:
        try:
            conn, (host, port) = sock.accept()
            print("client %s:%d since %d" % (host, port, time.time()), flush=True)
            Visit(conn).start()
        except (OSError, RuntimeError) as problem:
            complain("a client was lost:", problem)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
