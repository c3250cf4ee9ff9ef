# Wrong: an erroneous request is answered with an empty response instead of just a close.
"""Mailbox server: python3 server.py PORT"""
import socket
import struct
import sys

EMPTY = struct.pack("!HBBB", 0xAE73, 3, 0, 0)
letters = {}


def read_n(conn, n):
    data = b""
    while len(data) < n:
        part = conn.recv(n - len(data))
        if not part:
            raise ValueError("the request is too short")
        data += part
    return data


def read_request(conn):
    magic, ident, n, r, m = struct.unpack("!HBBBH", read_n(conn, 7))
    if magic != 0xAE73:
        raise ValueError("the magic number is wrong")
    if ident not in (1, 2):
        raise ValueError("the ID is wrong")
    if n == 0:
        raise ValueError("the name is empty")
    if ident == 1 and (r or m):
        raise ValueError("the lengths are wrong for a read")
    if ident == 2 and not (r and m):
        raise ValueError("the lengths are wrong for a create")
    return ident, read_n(conn, n), read_n(conn, r), read_n(conn, m)


def handle(conn):
    try:
        ident, name, receiver, message = read_request(conn)
    except ValueError as e:
        print("Error:", e)
        conn.sendall(EMPTY)
        return
    if ident == 2:
        letters.setdefault(receiver, []).append((name, message))
        print("Letter from", name.decode("utf-8", "replace"), "to", receiver.decode("utf-8", "replace"))
        return
    box = letters.get(name, [])
    now, later = box[:255], box[255:]
    answer = struct.pack("!HBBB", 0xAE73, 3, len(now), 1 if later else 0)
    answer += b"".join([struct.pack("!BH", len(s), len(t)) + s + t for s, t in now])
    conn.sendall(answer)
    letters[name] = later
    print(len(now), "letters sent to", name.decode("utf-8", "replace"))


def main():
    if len(sys.argv) != 2:
        sys.exit("Error: one parameter, please")
    try:
        port = int(sys.argv[1])
    except ValueError:
        sys.exit("Error: a number, please")
    if port < 1024 or 64000 < port:
        sys.exit("Error: a number from 1024 to 64000, please")
    try:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("0.0.0.0", port))
        sock.listen()
    except OSError as e:
        sys.exit("Error: " + str(e))
    while True:
        conn, address = sock.accept()
        print("Visitor", address[0], "port", address[1])
        with conn:
            conn.settimeout(1)
            try:
                handle(conn)
            except OSError as e:
                print("Error:", e)


main()
