"""File sharing client: a console for the file sharing service.

Usage: python3 client.py
Files are kept in the folder "client".
"""

import os
import socket
import struct
import time

DISCOVERY_PORT = 30000
FOLDER = "client"
QUESTION = b"SERVICE DISCOVERY"
GET, PUT, LIST, BYE = 1, 2, 3, 4
CHUNK = 65536
SCAN_TIME = 2.0
ANSWER_TIME = 10.0


class Problem(Exception):
    """Something that the user is told."""


def read_exactly(conn, count):
    """Read count bytes."""
    data = bytearray()
    while len(data) < count:
        piece = conn.recv(min(CHUNK, count - len(data)))
        if not piece:
            raise Problem("the server closed the connection")
        data += piece
    return bytes(data)


class Client:
    """What the user can do."""

    def __init__(self):
        self.conn = None

    def scan(self):
        """Look for servers."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        found = 0
        try:
            sock.sendto(QUESTION, ("255.255.255.255", DISCOVERY_PORT))
            until = time.monotonic() + SCAN_TIME
            while time.monotonic() < until:
                sock.settimeout(max(0.001, until - time.monotonic()))
                try:
                    answer, address = sock.recvfrom(1024)
                except socket.timeout:
                    break
                name = answer.decode("utf-8", "replace")
                print(f"{name} found at IP address/port {address[0]}, {address[1]}")
                found += 1
        finally:
            sock.close()
        if found == 0:
            print("No service found.")

    def connect(self, host, port):
        """Connect to a server."""
        try:
            number = int(port)
        except ValueError:
            raise Problem(f"{port!r} is no port number")
        self.hang_up()
        conn = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        conn.settimeout(ANSWER_TIME)
        try:
            conn.connect((host, number))
        except (OSError, OverflowError) as error:
            conn.close()
            raise Problem(f"cannot connect to {host} {port}: {error}")
        self.conn = conn
        print(f"Connected to {host} {port}")

    def llist(self):
        """Show the local files."""
        for name in sorted(os.listdir(FOLDER)):
            if os.path.isfile(os.path.join(FOLDER, name)):
                print("    " + name)

    def rlist(self):
        """Show the server's files."""
        conn = self.connected()
        conn.sendall(bytes([LIST]))
        size = struct.unpack("!Q", read_exactly(conn, 8))[0]
        for name in read_exactly(conn, size).decode("utf-8", "replace").splitlines():
            print("    " + name)

    def put(self, name):
        """Send a file to the server."""
        conn = self.connected()
        path = self.path_of(name)
        if not os.path.isfile(path):
            raise Problem(f"there is no file {name}")
        raw = name.encode("utf-8")
        with open(path, "rb") as source:
            size = os.fstat(source.fileno()).st_size
            conn.sendall(bytes([PUT, len(raw)]) + raw + struct.pack("!Q", size))
            left = size
            while left > 0:
                piece = source.read(min(CHUNK, left))
                conn.sendall(piece)
                left -= len(piece)
        print(f"Sent {name}: {size} bytes")

    def get(self, name):
        """Fetch a file from the server; it gets its name when it is whole."""
        conn = self.connected()
        path = self.path_of(name)
        raw = name.encode("utf-8")
        conn.sendall(bytes([GET, len(raw)]) + raw)
        size = left = struct.unpack("!Q", read_exactly(conn, 8))[0]
        partial = path + ".partial"
        try:
            with open(partial, "wb") as target:
                while left > 0:
                    piece = conn.recv(min(CHUNK, left))
                    if not piece:
                        raise Problem("the server closed the connection")
                    target.write(piece)
                    left -= len(piece)
            os.replace(partial, path)
        finally:
            if os.path.exists(partial):
                os.remove(partial)
        print(f"Received {name}: {size} bytes")

    def path_of(self, name):
        """Return the path of a local file."""
        if "/" in name or name in (".", "..") or not 1 <= len(name.encode("utf-8")) <= 255:
            raise Problem(f"{name!r} is no file's name")
        return os.path.join(FOLDER, name)

    def connected(self):
        """Return the connection."""
        if self.conn is None:
            raise Problem("connect to a server first")
        return self.conn

    def bye(self):
        """End the connection."""
        if self.conn is not None:
            try:
                self.conn.sendall(bytes([BYE]))
            except OSError:
                pass
        self.hang_up()
        print("Connection closed")

    def hang_up(self):
        if self.conn is not None:
            self.conn.close()
            self.conn = None

    def do(self, line):
        """Do what one line says."""
        words = line.split()
        if not words:
            return
        command, args = words[0].lower(), words[1:]
        commands = {"scan": (self.scan, 0), "connect": (self.connect, 2), "llist": (self.llist, 0),
                    "rlist": (self.rlist, 0), "put": (self.put, 1), "get": (self.get, 1), "bye": (self.bye, 0)}
        if command not in commands or len(args) != commands[command][1]:
            raise Problem("invalid command; there are scan, connect IP PORT, llist, rlist, put NAME, get NAME and bye")
        commands[command][0](*args)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    client = Client()
    while True:
        try:
            line = input("Enter a command: ")
        except (EOFError, KeyboardInterrupt):
            break
        except UnicodeDecodeError:
            print("Error: that is not valid text")
            continue
        try:
            client.do(line)
        except Problem as problem:
            print(f"Error: {problem}")
            if client.conn is not None and "server closed" in str(problem):
                client.hang_up()
        except OSError as error:
            print(f"Error: {error}")
            client.hang_up()
    client.hang_up()


if __name__ == "__main__":
    main()
