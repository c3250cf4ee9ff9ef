"""File client: asks a server for a file and saves it under the same name.

Usage: python3 client.py HOST PORT FILENAME
"""

import os
import socket
import sys

MAGIC = 0x497E
REQUEST, RESPONSE = 1, 2
MISSING, FOUND = 0, 1
MAX_NAME = 1024
BLOCK = 4096
GAP = 1.0


class ClientError(Exception):
    """Something that the user is told before the program ends."""


def get_addresses(host, port_text):
    """Return the socket addresses that the host and the port stand for."""
    try:
        port = int(port_text)
    except ValueError:
        raise ClientError("the port must be a whole number")
    if not 1024 <= port <= 64000:
        raise ClientError("the port must be between 1024 and 64000")
    if host == "":
        raise ClientError("the host is empty")
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise ClientError(f"cannot find host {host!r}: {error}")


def get_name(filename):
    """Return the file's name as bytes, if there is no such file here."""
    try:
        raw = filename.encode("utf-8")
    except UnicodeError:
        raise ClientError("the file name is not valid text")
    if not 1 <= len(raw) <= MAX_NAME:
        raise ClientError("the file name must be 1 to 1024 bytes long")
    if os.path.exists(filename):
        raise ClientError(f"{filename} exists already")
    return raw


def build_request(name):
    """Return a FileRequest."""
    return MAGIC.to_bytes(2, "big") + bytes([REQUEST]) + len(name).to_bytes(2, "big") + name


def connect(addresses):
    """Return a socket connected to the first address that answers."""
    problem = "no address"
    for family, kind, proto, _, address in addresses:
        sock = None
        try:
            sock = socket.socket(family, kind, proto)
            sock.settimeout(GAP)
            sock.connect(address)
            return sock
        except OSError as error:
            problem = error
            if sock is not None:
                sock.close()
    raise ClientError(f"cannot connect: {problem}")


def read_header(sock):
    """Read the first eight bytes; return (status, length)."""
    header = bytearray()
    while len(header) < 8:
        piece = sock.recv(8 - len(header))
        if not piece:
            raise ClientError("the response ended in its header")
        header += piece
    if int.from_bytes(header[0:2], "big") != MAGIC:
        raise ClientError("the response has a wrong magic number")
    if header[2] != RESPONSE:
        raise ClientError(f"the response has the wrong type {header[2]}")
    if header[3] not in (MISSING, FOUND):
        raise ClientError(f"the response has the unknown status {header[3]}")
    return header[3], int.from_bytes(header[4:8], "big")


def copy_data(sock, file, length):
    """Write length bytes from the socket to the file, and see that no more come."""
    received = 0
    while True:
        try:
            piece = sock.recv(BLOCK)
        except socket.timeout:
            if received == length:
                return  # all is here, and the server is slow to close
            raise
        if not piece:
            break
        received += len(piece)
        if received > length:
            raise ClientError(f"more than the {length} bytes announced")
        file.write(piece)
    if received < length:
        raise ClientError(f"only {received} of {length} bytes came")


def download(sock, filename):
    """Read the FileResponse and save the file."""
    status, length = read_header(sock)
    if status == MISSING:
        print(f"The server has no file {filename}")
        return
    with open(filename, "wb") as file:
        copy_data(sock, file, length)
    print(f"Received {length} bytes and saved them as {filename}")


def run(args):
    """Do what the command line asks for."""
    if len(args) != 3:
        raise ClientError("expected: client.py HOST PORT FILENAME")
    host, port, filename = args
    addresses = get_addresses(host, port)
    name = get_name(filename)
    sock = connect(addresses)
    try:
        sock.sendall(build_request(name))
        download(sock, filename)
    finally:
        sock.close()


def main():
    """Run, and turn every failure into one line."""
    try:
        run(sys.argv[1:])
    except ClientError as error:
        sys.exit(f"Error: {error}")
    except socket.timeout:
        sys.exit("Error: the server was silent for too long")
    except (OSError, ValueError) as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped")


if __name__ == "__main__":
    main()
