"""File sharing client: reads its console with sys.stdin, scans in a thread.

It asks several times in a scan, shows services in one line at its end, prints a
table, reads odd amounts, writes byte by byte at first, says nothing at bye, and
ends at bye and when it cannot connect.
"""

import os
import socket
import struct
import sys
import threading
import time

FOLDER = "client"


def show(text, end="\n"):
    sys.stdout.write(text + end)
    sys.stdout.flush()


def scan():
    services = {}

    def listen(sock):
        while True:
            try:
                data, address = sock.recvfrom(65536)
            except OSError:
                return
            services[(data.decode("utf-8", "backslashreplace"), address[0])] = True

    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.bind(("", 0))
    sock.settimeout(0.2)
    listener = threading.Thread(target=lambda: [listen(sock) for _ in range(20)], daemon=True)
    listener.start()
    for _ in range(3):
        sock.sendto(b"SERVICE DISCOVERY", ("<broadcast>", 30000))
        time.sleep(1)
    listener.join(2)
    sock.close()
    if services:
        show("found: " + "; ".join(f"{ip} -> {name}" for name, ip in services))
    else:
        show("no service found!")


class Server:
    def __init__(self, host, port):
        self.sock = socket.socket()
        self.sock.connect((host, port))

    def read(self, count):
        parts = []
        while count:
            data = self.sock.recv(min(count, 999))
            if not data:
                raise EOFError("the server has closed")
            parts.append(data)
            count -= len(data)
        return b"".join(parts)

    def write(self, data):
        for i in range(min(3, len(data))):
            self.sock.sendall(data[i:i + 1])
        self.sock.sendall(data[3:])

    def sized(self):
        size = struct.unpack(">Q", self.read(8))[0]
        if size > 1 << 30:
            raise EOFError("more than can be stored")
        return self.read(size)


def plain(name):
    raw = name.encode("utf-8", "surrogateescape")
    if "/" in name or not 0 < len(raw) < 256:
        raise ValueError("not a name")
    return raw


def do(words, server):
    """Do a command; return the server from now on."""
    match words:
        case ["scan"]:
            scan()
        case ["connect", host, port]:
            return Server(host, int(port))
        case ["llist"]:
            show(" | ".join(os.listdir(FOLDER)))
        case ["rlist"] if server:
            server.write(b"\x03")
            show(" | ".join(server.sized().decode("utf-8", "replace").split("\n")))
        case ["put", name] if server:
            raw = plain(name)
            with open(os.path.join(FOLDER, name), "rb") as source:
                data = source.read()
            server.write(bytes([2, len(raw)]) + raw + struct.pack(">Q", len(data)) + data)
        case ["get", name] if server:
            raw = plain(name)
            server.write(bytes([1, len(raw)]) + raw)
            data = server.sized()
            with open(os.path.join(FOLDER, name), "wb") as target:
                target.write(data)
        case ["bye"]:
            if server:
                server.sock.close()
            sys.exit(0)
        case _:
            raise ValueError("what? " + " ".join(words))
    return server


def main():
    server = None
    sys.stdin.reconfigure(errors="surrogateescape")
    sys.stdout.reconfigure(errors="backslashreplace")
    while True:
        show("? ", end="")
        line = sys.stdin.readline()
        if not line:
            return
        words = line.split()
        if not words:
            continue
        try:
            server = do(words, server)
        except EOFError as error:
            show(f"! {error}")
            server = None
        except (ValueError, OverflowError) as error:
            show(f"! {error}")
        except FileNotFoundError as error:
            show(f"! {error}")
        except OSError as error:
            show(f"! {error}")
            if server is None:
                sys.exit(1)
            server = None


main()
