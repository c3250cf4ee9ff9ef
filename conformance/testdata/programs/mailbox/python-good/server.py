"""Message server: keeps messages for users until they are collected.

Usage: python3 server.py PORT
"""

import socket
import sys

MAGIC = 0xAE73
READ, CREATE, RESPONSE = 1, 2, 3
MAX_ITEMS = 255
GAP = 1.0


class RequestError(Exception):
    """The bytes that arrived are not a valid MessageRequest."""


def text(raw):
    """Make bytes printable, whatever they are."""
    return raw.decode("utf-8", errors="replace")


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


def check_header(ident, name_len, receiver_len, message_len):
    """Raise a RequestError if the fields of the header do not fit together."""
    if ident not in (READ, CREATE):
        raise RequestError(f"unknown ID {ident}")
    if name_len < 1:
        raise RequestError("the name is empty")
    if ident == READ and (receiver_len != 0 or message_len != 0):
        raise RequestError("a read request has no receiver and no message")
    if ident == CREATE and (receiver_len == 0 or message_len == 0):
        raise RequestError("a create request needs a receiver and a message")


def read_request(conn):
    """Return (ident, name, receiver, message) of the next request."""
    header = read_exactly(conn, 7)
    magic = int.from_bytes(header[0:2], "big")
    if magic != MAGIC:
        raise RequestError(f"wrong magic number 0x{magic:04X}")
    ident, name_len, receiver_len = header[2], header[3], header[4]
    message_len = int.from_bytes(header[5:7], "big")
    check_header(ident, name_len, receiver_len, message_len)
    body = read_exactly(conn, name_len + receiver_len + message_len)
    name = body[:name_len]
    receiver = body[name_len:name_len + receiver_len]
    return ident, name, receiver, body[name_len + receiver_len:]


def build_response(messages, more):
    """Return the MessageResponse for a list of (sender, message)."""
    response = bytearray(MAGIC.to_bytes(2, "big"))
    response += bytes([RESPONSE, len(messages), 1 if more else 0])
    for sender, message in messages:
        response += bytes([len(sender)])
        response += len(message).to_bytes(2, "big")
        response += sender + message
    return response


def process_request(conn, store):
    """Serve the one request of a connection."""
    ident, name, receiver, message = read_request(conn)
    if ident == CREATE:
        store.setdefault(receiver, []).append((name, message))
        conn.close()
        print(f"Stored a message from {text(name)} for {text(receiver)}")
        return
    waiting = store.get(name, [])
    batch, rest = waiting[:MAX_ITEMS], waiting[MAX_ITEMS:]
    conn.sendall(build_response(batch, len(rest) > 0))
    if rest:
        store[name] = rest
    else:
        store.pop(name, None)
    conn.close()
    print(f"Sent {len(batch)} message(s) to {text(name)}")


def handle_client(conn, store):
    """Serve one client; whatever goes wrong is printed, not raised."""
    try:
        conn.settimeout(GAP)
        process_request(conn, store)
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
    store = {}
    try:
        while True:
            try:
                conn, address = listener.accept()
            except OSError as error:
                print(f"Error: cannot accept a client: {error}")
                continue
            print(f"Connection from {address[0]} port {address[1]}")
            handle_client(conn, store)
    except KeyboardInterrupt:
        print("Stopped")
    finally:
        listener.close()


if __name__ == "__main__":
    main()
