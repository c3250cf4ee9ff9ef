"""A mailbox client that is correct but does things in its own way.

It thinks before each prompt, asks for the message first, takes "less than" at
its word, reads in tiny pieces, complains on stderr, and lingers before it ends.
Usage: python3 client.py HOST PORT USER read|create
"""

import socket
import struct
import sys
import time


def stop(reason):
    print("client:", reason, file=sys.stderr, flush=True)
    sys.exit(2)


def prompt(question, limit):
    """Ask slowly until the answer has at least 1 byte and less than limit."""
    while True:
        time.sleep(0.2)
        print(question)
        print("> ", end="", flush=True)
        try:
            line = sys.stdin.buffer.readline()
        except KeyboardInterrupt:
            stop("interrupted")
        if line == b"":
            stop("no answer")
        answer = line.rstrip(b"\r\n")
        if 0 < len(answer) < limit:
            return answer
        print("This has %d bytes, wanted 1 to %d." % (len(answer), limit - 1), file=sys.stderr)


class Reader:
    """Reads the response; no two bytes may be more than a second apart."""

    def __init__(self, sock):
        self.sock = sock

    def take(self, count, step=1):
        parts = []
        while count > 0:
            part = self.sock.recv(min(step, count))
            if not part:
                stop("the server closed in the middle of its response")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def messages(self, items):
        for _ in range(items):
            sender_len, message_len = struct.unpack("!BH", self.take(3))
            if not sender_len or not message_len:
                stop("the response holds an empty sender or message")
            yield self.take(sender_len), self.take(message_len, 1009)


def show(sock):
    reader = Reader(sock)
    magic, kind, items, more = struct.unpack("!HBBB", reader.take(5))
    if magic != 0xAE73 or kind != 3 or more > 1:
        stop("this is no response: magic %#x, id %d, more %d" % (magic, kind, more))
    if items == 0:
        print("Your mailbox is empty.")
    for number, (sender, message) in enumerate(reader.messages(items), 1):
        print("Message %d" % number)
        print("  by   %s" % sender.decode("utf-8", "backslashreplace"))
        print("  text %s" % message.decode("utf-8", "backslashreplace"))
    if more:
        print("There are further messages, read again to see them.")


def reach(host, port):
    """Connect to the first of the host's addresses that can be reached."""
    last = None
    for family, kind, proto, _, place in resolve(host, port):
        try:
            sock = socket.socket(family, kind, proto)
        except OSError as problem:
            last = problem
            continue
        sock.settimeout(1)
        try:
            sock.connect(place)
            return sock
        except OSError as problem:
            sock.close()
            last = problem
    stop("no connection: %s" % last)


def resolve(host, port):
    try:
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        stop("unknown host: %s" % problem)


def main():
    if len(sys.argv) != 5:
        stop("wrong number of arguments, wanted HOST PORT USER read|create")
    host, port, user, operation = sys.argv[1:]
    if not (port.isascii() and port.isdigit() and len(port) < 6 and 1024 <= int(port) <= 64000):
        stop("the port must be a number from 1024 to 64000")
    name = user.encode("utf-8", "surrogateescape")
    if not name or len(name) > 255:
        stop("the user must have 1 to 255 bytes")
    if operation not in ("read", "create"):
        stop("the operation is neither read nor create")
    if not host:
        stop("the host is empty")
    resolve(host, int(port))
    receiver = message = b""
    if operation == "create":
        message = prompt("What do you want to say?", 65535)
        receiver = prompt("Who shall get it?", 255)
    kind = 2 if operation == "create" else 1
    request = struct.pack("!HBBBH", 0xAE73, kind, len(name), len(receiver), len(message))
    sock = reach(host, int(port))
    try:
        sock.sendall(request + name + receiver + message)
        print("Sent a %s request." % operation, flush=True)
        if operation == "read":
            show(sock)
    except socket.timeout:
        stop("the server went silent")
    except OSError as problem:
        stop("the connection broke: %s" % problem)
    finally:
        sock.close()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        time.sleep(0.3)
