"""File server: sends files from its working directory, one per connection.

Usage: python3 server.py PORT
"""

import datetime
import socket
import sys

MAGIC = 0x497E
REQUEST, RESPONSE = 1, 2
MISSING, FOUND = 0, 1
MAX_NAME = 1024
MAX_DATA = 0xFFFFFFFF
GAP = 1.0


class RequestError(Exception):
    """The bytes that arrived are not a valid FileRequest."""


def get_port(args):
    """Return the port number from the command line, or stop with an error."""
    if len(args) != 1:
        sys.exit("Error: expected one parameter: server.py PORT")
    try:
        port = int(args[0])
    except ValueError:
        sys.exit("Error: the port must be a whole number")
    if not 1024 <= port <= 64000:
        sys.exit("Error: the port must be between 1024 and 64000")
    return port


def open_listener(port):
    """Return a listening socket on the port, or stop with an error."""
    listener = None
    try:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", port))
        listener.listen(5)
    except OSError as error:
        if listener is not None:
            listener.close()
        sys.exit(f"Error: cannot listen on port {port}: {error}")
    return listener


def read_exactly(conn, count):
    """Read count bytes; every single recv may wait for one second."""
    data = bytearray()
    while len(data) < count:
        piece = conn.recv(count - len(data))
        if not piece:
            raise RequestError(f"connection ended after {len(data)} of {count} bytes")
        data += piece
    return bytes(data)


def read_request(conn):
    """Return the name of the file that is asked for."""
    header = read_exactly(conn, 5)
    magic = int.from_bytes(header[0:2], "big")
    if magic != MAGIC:
        raise RequestError(f"wrong magic number 0x{magic:04X}")
    if header[2] != REQUEST:
        raise RequestError(f"wrong type {header[2]}")
    length = int.from_bytes(header[3:5], "big")
    if not 1 <= length <= MAX_NAME:
        raise RequestError(f"a file name of {length} bytes")
    raw = read_exactly(conn, length)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise RequestError("the file name is not UTF-8")


def build_header(status, length):
    """Return the first eight bytes of a FileResponse."""
    return MAGIC.to_bytes(2, "big") + bytes([RESPONSE, status]) + length.to_bytes(4, "big")


def load_file(name):
    """Return what is in the file, or None if it cannot be sent."""
    try:
        with open(name, "rb") as file:
            data = file.read()
    except (OSError, ValueError) as error:
        print(f"Cannot open {name!r}: {error}")
        return None
    if len(data) > MAX_DATA:
        print(f"{name!r} is too large")
        return None
    return data


def process_request(conn):
    """Serve the one request of a connection."""
    name = read_request(conn)
    data = load_file(name)
    if data is None:
        conn.sendall(build_header(MISSING, 0))
        print("Told the client that there is no such file")
        return
    conn.sendall(build_header(FOUND, len(data)) + data)
    print(f"Sent {len(data)} bytes of {name!r}")


def handle_client(conn):
    """Serve one client; whatever goes wrong is printed, not raised."""
    try:
        conn.settimeout(GAP)
        process_request(conn)
    except RequestError as error:
        print(f"Error: bad request: {error}")
    except socket.timeout:
        print("Error: the client was silent for too long")
    except OSError as error:
        print(f"Error: connection failed: {error}")
    finally:
        conn.close()


def main():
    """Check the parameter, then serve clients one after the other."""
    port = get_port(sys.argv[1:])
    listener = open_listener(port)
    print(f"Listening on port {port}")
    try:
        while True:
            try:
                conn, address = listener.accept()
            except OSError as error:
                print(f"Error: cannot accept a client: {error}")
                continue
            now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S")
            print(f"{now} connection from {address[0]} port {address[1]}")
            handle_client(conn)
    except KeyboardInterrupt:
        print("Stopped")
    finally:
        listener.close()


if __name__ == "__main__":
    main()
