"""A mailbox server that is correct but does things in its own way.

A thread for each client, one byte at a time for the header, the whole request
within one second after accept, and responses written in pieces of 1000 bytes.
Usage: python3 server.py PORT
"""

import errno
import socket
import struct
import sys
import threading
import time

HEADER = struct.Struct("!HBBBH")


def complain(*words):
    print("server:", *words, file=sys.stderr, flush=True)


class Mailboxes:
    """All messages; every method may be called from any thread."""

    def __init__(self):
        self.lock = threading.Lock()
        self.boxes = {}

    def put(self, receiver, sender, message):
        with self.lock:
            self.boxes.setdefault(receiver, []).append((sender, message))

    def take(self, user):
        """Remove and return up to 255 messages, and whether any are left."""
        with self.lock:
            box = self.boxes.get(user, [])
            taken = box[:255]
            del box[:255]
            if not box:
                self.boxes.pop(user, None)
            return taken, bool(box)


class Visit(threading.Thread):
    """One client, from accept to close."""

    def __init__(self, conn, mailboxes):
        super().__init__(daemon=True)
        self.conn = conn
        self.mailboxes = mailboxes
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
        fields = HEADER.unpack(self.get(HEADER.size, 1))
        magic, kind, name_len, receiver_len, message_len = fields
        if magic != 0xAE73 or kind not in (1, 2) or name_len == 0:
            raise ValueError("not a request: %r" % (fields,))
        wanted = kind == 2
        if (receiver_len > 0) != wanted or (message_len > 0) != wanted:
            raise ValueError("lengths do not suit the request: %r" % (fields,))
        name = self.get(name_len, 1)
        receiver = self.get(receiver_len, 7)
        message = self.get(message_len, 1009)
        self.refuse_more()
        shown = name.decode("utf-8", "replace")
        if wanted:
            self.mailboxes.put(receiver, name, message)
            return "create: %s -> %s" % (shown, receiver.decode("utf-8", "replace"))
        messages, more = self.mailboxes.take(name)
        self.write(messages, more)
        return "read: %d messages sent to %s" % (len(messages), shown)

    def write(self, messages, more):
        """Send the response; each piece may take a second."""
        response = struct.pack("!HBBB", 0xAE73, 3, len(messages), more)
        response += b"".join(struct.pack("!BH", len(s), len(m)) + s + m for s, m in messages)
        self.conn.settimeout(1)
        view = memoryview(response)
        while view:
            sent = self.conn.send(view[:1000])
            view = view[sent:]


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
    mailboxes = Mailboxes()
    while True:
        try:
            conn, (host, port) = sock.accept()
            print("client %s:%d" % (host, port), flush=True)
            Visit(conn, mailboxes).start()
        except (OSError, RuntimeError) as problem:
            complain("a client was lost:", problem)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
