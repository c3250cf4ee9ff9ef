"""File server: keeps files in the folder that it is started in.

Usage: python3 server.py PORT [-v]
"""

import os
import socket
import sys

BLOCK = 1024
SIZE_BYTES = 8

verbose = False


class ClientLeft(Exception):
    """The client went away in the middle of an exchange."""


def log(text):
    """Print a line if the user wants to see what happens."""
    if verbose:
        print(text)


def receive(conn, most):
    """Return the next bytes, at most so many."""
    data = conn.recv(most)
    if not data:
        raise ClientLeft()
    return data


def receive_exactly(conn, count):
    """Return exactly count bytes, however they are cut."""
    data = b""
    while len(data) < count:
        data += receive(conn, count - len(data))
    return data


def can_create(name):
    """Tell whether a file of that name can be written."""
    if os.path.exists(name):
        return os.path.isfile(name) and os.access(name, os.W_OK)
    folder = os.path.dirname(name) or "."
    return os.path.isdir(folder) and os.access(folder, os.W_OK)


def get(conn, name):
    """Send a file to the client."""
    if not os.path.isfile(name):
        conn.sendall(f"ERROR: {name} does not exist".encode("utf-8"))
        return
    with open(name, "rb") as file:
        conn.sendall(b"OK")
        receive_exactly(conn, len(b"READY"))
        size = os.path.getsize(name)
        conn.sendall(size.to_bytes(SIZE_BYTES, "big"))
        receive_exactly(conn, len(b"OK"))
        log(f"server sending {size} bytes")
        while True:
            block = file.read(BLOCK)
            if not block:
                break
            conn.sendall(block)
    conn.sendall(b"DONE")


def put(conn, name):
    """Receive a file from the client."""
    if not can_create(name):
        conn.sendall(f"ERROR: unable to create file {name}".encode("utf-8"))
        return
    with open(name, "wb") as file:
        conn.sendall(b"OK")
        left = int.from_bytes(receive_exactly(conn, SIZE_BYTES), "big")
        log(f"server receiving {left} bytes")
        conn.sendall(b"OK")
        while left > 0:
            block = receive(conn, min(BLOCK, left))
            file.write(block)
            left -= len(block)
    conn.sendall(b"DONE")


def delete(conn, name):
    """Remove a file."""
    if not os.path.exists(name):
        conn.sendall(f"ERROR: {name} does not exist".encode("utf-8"))
        return
    log(f"server deleting file {name}")
    try:
        os.remove(name)
    except OSError:
        conn.sendall(f"ERROR: unable to delete {name}".encode("utf-8"))
        return
    conn.sendall(b"DONE")


def serve(conn):
    """Do what the client asks for."""
    conn.sendall(b"READY")
    request = receive(conn, 4096).decode("utf-8")
    log(f"server receiving request: {request}")
    verb, _, name = request.partition(" ")
    if verb == "GET":
        get(conn, name)
    elif verb == "PUT":
        put(conn, name)
    elif verb == "DEL":
        delete(conn, name)


def main():
    """Serve one client after the other."""
    global verbose
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: server.py PORT [-v]")
    port = int(sys.argv[1])
    verbose = sys.argv[2:] == ["-v"]
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", port))
    listener.listen(0)
    while True:
        log(f"server waiting on port {port}")
        conn, addr = listener.accept()
        log(f"server connected to client at {addr[0]}:{addr[1]}")
        try:
            serve(conn)
        except (ClientLeft, OSError, UnicodeError, ValueError) as error:
            log(f"connection ended: {error!r}")
        finally:
            conn.close()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
