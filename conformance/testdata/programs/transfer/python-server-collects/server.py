# Wrong: the data of a PUT is collected and written at the end.
"""File server: python3 server.py PORT [-v]"""
import os
import socket
import sys

SIZE = 8
BLOCK = 1024
verbose = len(sys.argv) > 2 and sys.argv[2] == "-v"


def log(line):
    if verbose:
        print(line)


def get_bytes(conn, amount):
    got = b""
    while len(got) < amount:
        new = conn.recv(amount - len(got))
        if not new:
            raise EOFError("the client closed the connection too soon")
        got += new
    return got


def send_file(conn, name):
    if not os.path.isfile(name):
        conn.sendall(f"ERROR: {name} does not exist".encode())
        return
    size = os.path.getsize(name)
    conn.sendall(b"OK")
    get_bytes(conn, 5)
    conn.sendall(size.to_bytes(SIZE, "big"))
    get_bytes(conn, 2)
    log(f"server sending {size} bytes")
    with open(name, "rb") as f:
        block = f.read(BLOCK)
        while block:
            conn.sendall(block)
            block = f.read(BLOCK)
    conn.sendall(b"DONE")


def receive_file(conn, name):
    try:
        f = open(name, "wb")
    except OSError:
        conn.sendall(f"ERROR: unable to create file {name}".encode())
        return
    with f:
        conn.sendall(b"OK")
        size = int.from_bytes(get_bytes(conn, SIZE), "big")
        log(f"server receiving {size} bytes")
        conn.sendall(b"OK")
        data = []
        while size > 0:
            block = conn.recv(min(size, BLOCK))
            if not block:
                raise EOFError("the client closed the connection too soon")
            data.append(block)
            size -= len(block)
        for block in data:
            f.write(block)
    conn.sendall(b"DONE")


def delete_file(conn, name):
    if not os.path.exists(name):
        conn.sendall(f"ERROR: {name} does not exist".encode())
        return
    log(f"server deleting file {name}")
    try:
        os.remove(name)
        conn.sendall(b"DONE")
    except OSError:
        conn.sendall(f"ERROR: unable to delete {name}".encode())


def serve(conn):
    conn.sendall(b"READY")
    command = conn.recv(2048).decode()
    log(f"server receiving request: {command}")
    name = command[4:]
    if command.startswith("GET "):
        send_file(conn, name)
    elif command.startswith("PUT "):
        receive_file(conn, name)
    elif command.startswith("DEL "):
        delete_file(conn, name)


def handle(conn):
    try:
        serve(conn)
    except (EOFError, OSError, ValueError) as e:
        log(f"error: {e}")
    conn.close()


def main():
    port = int(sys.argv[1])
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("0.0.0.0", port))
    sock.listen(0)
    while True:
        log(f"server waiting on port {port}")
        conn, addr = sock.accept()
        log(f"server connected to client at {addr[0]}:{addr[1]}")
        handle(conn)


main()
