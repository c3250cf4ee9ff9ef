# Wrong: a local file of the same name is overwritten.
"""File client: python3 client.py HOST PORT FILENAME"""
import socket
import struct
import sys


class Failure(Exception):
    pass


def connect(host, port):
    try:
        places = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Failure("host not found")
    for family, kind, proto, _, place in places:
        sock = socket.socket(family, kind, proto)
        sock.settimeout(1)
        try:
            sock.connect(place)
            return sock
        except OSError as e:
            sock.close()
            problem = e
    raise Failure(f"connect: {problem}")


def receive(sock, n):
    """Return n bytes."""
    data = bytearray()
    while len(data) < n:
        piece = sock.recv(min(4096, n - len(data)))
        if not piece:
            raise Failure("the response is incomplete")
        data += piece
    return bytes(data)


def at_end(sock):
    """Say whether the server has nothing more to send."""
    try:
        return sock.recv(1) == b""
    except socket.timeout:
        return True


def download(sock, filename):
    name = filename.encode()
    sock.sendall(struct.pack("!HBH", 0x497E, 1, len(name)) + name)
    magic, kind, status, length = struct.unpack("!HBBL", receive(sock, 8))
    if magic != 0x497E or kind != 2 or status not in (0, 1):
        raise Failure("the response is not valid")
    if status == 0:
        print("The server does not have this file.")
        return
    data = receive(sock, length)
    if not at_end(sock):
        raise Failure("the response has too many bytes")
    with open(filename, "wb") as file:
        file.write(data)
    print(f"{len(data)} bytes received.")


def main(args):
    if len(args) != 3:
        raise Failure("wanted HOST PORT FILENAME")
    host, port, filename = args
    if not port.isdecimal() or not 1024 <= int(port) <= 64000:
        raise Failure("wanted a port from 1024 to 64000")
    if not 1 <= len(filename.encode()) <= 1024:
        raise Failure("wanted a file name of 1 to 1024 bytes")
    sock = connect(host, int(port))
    try:
        download(sock, filename)
    finally:
        sock.close()


try:
    main(sys.argv[1:])
except (Failure, OSError) as error:
    sys.exit(f"Error: {error}")
