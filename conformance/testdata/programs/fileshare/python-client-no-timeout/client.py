# Wrong: a scan waits for ever when nobody answers.
"""File sharing client: python3 client.py"""
import os
import socket
import struct
import time

SDP = 30000
FOLDER = "client"
GET, PUT, LIST, BYE = 1, 2, 3, 4
conn = None


def recv_all(count):
    data = bytearray()
    while len(data) < count:
        more = conn.recv(min(65536, count - len(data)))
        if not more:
            raise ConnectionError("the server closed the connection")
        data += more
    return bytes(data)


def scan():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.sendto(b"SERVICE DISCOVERY", ("255.255.255.255", SDP))
    found = 0
    end = time.time() + 3
    while time.time() < end:
        try:
            name, address = sock.recvfrom(4096)
        except socket.timeout:
            break
        found += 1
        print(f"{name.decode('utf-8', 'replace')} at {address[0]} {address[1]}")
    sock.close()
    if not found:
        print("No service found")


def connect(host, port):
    global conn
    conn = socket.create_connection((host, int(port)), 10)
    print("connected")


def llist():
    print(*os.listdir(FOLDER), sep="\n")


def rlist():
    conn.sendall(bytes([LIST]))
    size = struct.unpack(">Q", recv_all(8))[0]
    print(recv_all(size).decode("utf-8", "replace"))


def put(name):
    with open(os.path.join(FOLDER, name), "rb") as f:
        data = f.read()
    raw = name.encode()
    conn.sendall(bytes([PUT, len(raw)]) + raw + struct.pack(">Q", len(data)) + data)
    print("sent", name)


def get(name):
    raw = name.encode()
    conn.sendall(bytes([GET, len(raw)]) + raw)
    size = struct.unpack(">Q", recv_all(8))[0]
    data = recv_all(size)
    with open(os.path.join(FOLDER, name), "wb") as f:
        f.write(data)
    print("received", name)


def bye():
    global conn
    if conn is not None:
        conn.close()
        conn = None
    print("bye")


COMMANDS = {"scan": (scan, 0), "connect": (connect, 2), "llist": (llist, 0), "rlist": (rlist, 0),
            "put": (put, 1), "get": (get, 1), "bye": (bye, 0)}


def main():
    while True:
        try:
            words = input("fileshare> ").split()
        except EOFError:
            return
        except UnicodeDecodeError:
            print("error: not text")
            continue
        if not words:
            continue
        command, count = COMMANDS.get(words[0].lower(), (None, 0))
        if command is None or len(words) - 1 != count:
            print("error: unknown command")
            continue
        if words[0].lower() in ("rlist", "put", "get") and conn is None:
            print("error: not connected")
            continue
        try:
            command(*words[1:])
        except (OSError, ValueError, OverflowError) as error:
            print("error:", error)


if __name__ == "__main__":
    main()
