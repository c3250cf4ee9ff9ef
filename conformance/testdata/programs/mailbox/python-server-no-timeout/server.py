# Wrong: the accepted socket has no timeout, so a silent client holds the server for ever.
"""Mailbox server: python3 server.py PORT"""
import socket
import struct
import sys


class Server:
    def __init__(self, port):
        self.messages = {}
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("0.0.0.0", port))
        self.sock.listen(10)

    def receive(self, conn, size):
        buffer = b""
        while len(buffer) < size:
            more = conn.recv(size - len(buffer))
            if more == b"":
                raise ValueError("client closed the connection too early")
            buffer += more
        return buffer

    def parse(self, conn):
        magic, ident, n, r, m = struct.unpack("!HBBBH", self.receive(conn, 7))
        if magic != 0xAE73:
            raise ValueError("magic number is wrong")
        if ident not in (1, 2):
            raise ValueError("ID is wrong")
        if n < 1:
            raise ValueError("name length is wrong")
        if (ident == 1) != (r == 0):
            raise ValueError("receiver length is wrong")
        if (ident == 1) != (m == 0):
            raise ValueError("message length is wrong")
        body = self.receive(conn, n + r + m)
        return ident, body[:n], body[n:n + r], body[n + r:]

    def create(self, sender, receiver, message):
        self.messages.setdefault(receiver, []).append((sender, message))
        print(f"create from {sender.decode(errors='replace')} for {receiver.decode(errors='replace')}")

    def read(self, conn, user):
        box = self.messages.get(user, [])
        out = box[:255]
        answer = struct.pack("!HBBB", 0xAE73, 3, len(out), int(len(box) > 255))
        answer += b"".join(struct.pack("!BH", len(s), len(m)) + s + m for s, m in out)
        conn.sendall(answer)
        del box[:255]
        print(f"sent {len(out)} messages to {user.decode(errors='replace')}")

    def loop(self):
        while True:
            conn, (host, port) = self.sock.accept()
            print(f"connected: {host}:{port}")
            try:
                ident, name, receiver, message = self.parse(conn)
                if ident == 2:
                    self.create(name, receiver, message)
                else:
                    self.read(conn, name)
            except (ValueError, OSError) as error:
                print(f"error: {error}")
            finally:
                conn.close()


if len(sys.argv) != 2:
    sys.exit("error: one parameter expected")
try:
    number = int(sys.argv[1])
except ValueError:
    sys.exit("error: port is no integer")
if number not in range(1024, 64001):
    sys.exit("error: port must be in 1024 to 64000")
try:
    server = Server(number)
except OSError as error:
    sys.exit(f"error: no server on port {number}: {error}")
server.loop()
