"""File client: gets a file from a server, puts one there, or deletes one.

Usage: python3 client.py HOST PORT GET|PUT|DEL FILENAME
"""

import os
import socket
import sys

BLOCK = 1024
SIZE_BYTES = 8
PREFIX = b"ERROR: "


class Trouble(Exception):
    """Something that the user is told before the program ends."""


def receive_exactly(sock, count):
    """Return exactly count bytes, however they are cut."""
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise Trouble("the server closed the connection")
        data += piece
    return data


def expect(sock, token):
    """Read the token; the server may say what is wrong instead."""
    first = receive_exactly(sock, 1)
    if first == PREFIX[:1]:
        message = first
        sock.settimeout(0.5)
        try:
            while True:
                piece = sock.recv(BLOCK)
                if not piece:
                    break
                message += piece
        except socket.timeout:
            pass
        raise Trouble("server error: " + message[len(PREFIX):].decode("utf-8", "replace"))
    got = first + receive_exactly(sock, len(token) - 1)
    if got != token:
        raise Trouble(f"the server said {got!r} and not {token!r}")


def can_create(name):
    """Tell whether a file of that name can be written."""
    if os.path.exists(name):
        return os.path.isfile(name) and os.access(name, os.W_OK)
    folder = os.path.dirname(name) or "."
    return os.path.isdir(folder) and os.access(folder, os.W_OK)


def get(sock, name):
    """Receive a file."""
    sock.sendall(f"GET {name}".encode("utf-8"))
    expect(sock, b"OK")
    sock.sendall(b"READY")
    size = int.from_bytes(receive_exactly(sock, SIZE_BYTES), "big")
    sock.sendall(b"OK")
    print(f"client receiving file {name} ({size} bytes)")
    with open(name, "wb") as file:
        left = size
        while left > 0:
            block = sock.recv(min(BLOCK, left))
            if not block:
                raise Trouble("the server closed the connection")
            file.write(block)
            left -= len(block)
    expect(sock, b"DONE")


def put(sock, name):
    """Send a file."""
    size = os.path.getsize(name)
    sock.sendall(f"PUT {name}".encode("utf-8"))
    expect(sock, b"OK")
    sock.sendall(size.to_bytes(SIZE_BYTES, "big"))
    expect(sock, b"OK")
    print(f"client sending file {name} ({size} bytes)")
    with open(name, "rb") as file:
        while True:
            block = file.read(BLOCK)
            if not block:
                break
            sock.sendall(block)
    expect(sock, b"DONE")


def delete(sock, name):
    """Delete a file of the server."""
    print(f"client deleting file {name}")
    sock.sendall(f"DEL {name}".encode("utf-8"))
    expect(sock, b"DONE")


def main():
    """Check what can be checked here, then talk to the server."""
    if len(sys.argv) != 5:
        raise Trouble("usage: client.py HOST PORT GET|PUT|DEL FILENAME")
    host, port, verb, name = sys.argv[1:]
    actions = {"GET": get, "PUT": put, "DEL": delete}
    if verb not in actions:
        raise Trouble("the command must be GET, PUT or DEL")
    if verb == "PUT" and not (os.path.isfile(name) and os.access(name, os.R_OK)):
        raise Trouble(f"client error: {name} does not exist")
    if verb == "GET" and not can_create(name):
        raise Trouble(f"client error: unable to create file {name}")
    with socket.create_connection((host, int(port))) as sock:
        expect(sock, b"READY")
        actions[verb](sock, name)
    print("Complete")


if __name__ == "__main__":
    try:
        main()
    except Trouble as trouble:
        print(trouble)
        sys.exit(1)
    except OSError as error:
        print(f"connection failed: {error}")
        sys.exit(1)
