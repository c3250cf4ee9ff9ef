"""Message client: leaves a message for a user, or collects one's messages.

Usage: python3 client.py HOST PORT USER read|create
"""

import socket
import sys

MAGIC = 0xAE73
READ, CREATE, RESPONSE = 1, 2, 3
GAP = 1.0


class ClientError(Exception):
    """Something that the user is told before the program ends."""


def text(raw):
    """Make bytes printable, whatever they are."""
    return raw.decode("utf-8", errors="replace")


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


def get_user(name):
    """Return the user's name as bytes."""
    try:
        raw = name.encode("utf-8")
    except UnicodeError:
        raise ClientError("the user name is not valid text")
    if not 1 <= len(raw) <= 255:
        raise ClientError("the user name must be 1 to 255 bytes long")
    return raw


def ask(prompt, limit):
    """Ask until the answer has 1 to limit bytes; return it as bytes."""
    while True:
        try:
            raw = input(prompt).encode("utf-8")
        except EOFError:
            raise ClientError("the input ended")
        except UnicodeError:
            print("Error: that is not valid text, try again")
            continue
        if 1 <= len(raw) <= limit:
            return raw
        print(f"Error: must be 1 to {limit} bytes long but has {len(raw)}, try again")


def build_request(ident, name, receiver=b"", message=b""):
    """Return a MessageRequest."""
    request = bytearray(MAGIC.to_bytes(2, "big"))
    request += bytes([ident, len(name), len(receiver)])
    request += len(message).to_bytes(2, "big")
    return request + name + receiver + message


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


def read_exactly(sock, count):
    """Read count bytes; every single recv may wait for one second."""
    data = bytearray()
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise ClientError("the response ended early")
        data += piece
    return bytes(data)


def show_response(sock):
    """Read the MessageResponse and print every message in it."""
    header = read_exactly(sock, 5)
    if int.from_bytes(header[0:2], "big") != MAGIC:
        raise ClientError("the response has a wrong magic number")
    ident, items, more = header[2], header[3], header[4]
    if ident != RESPONSE:
        raise ClientError(f"the response has the wrong ID {ident}")
    if more not in (0, 1):
        raise ClientError(f"the response has a wrong MoreMsgs field {more}")
    if items == 0:
        print("There are no messages for you")
    for _ in range(items):
        head = read_exactly(sock, 3)
        sender_len, message_len = head[0], int.from_bytes(head[1:3], "big")
        if sender_len < 1 or message_len < 1:
            raise ClientError("the response has an empty sender or message")
        sender = read_exactly(sock, sender_len)
        message = read_exactly(sock, message_len)
        print(f"From {text(sender)}: {text(message)}")
    if more == 1:
        print("More messages are waiting on the server")


def run(args):
    """Do what the command line asks for."""
    if len(args) != 4:
        raise ClientError("expected: client.py HOST PORT USER read|create")
    host, port, user, operation = args
    addresses = get_addresses(host, port)
    name = get_user(user)
    if operation == "read":
        request = build_request(READ, name)
    elif operation == "create":
        receiver = ask("Receiver: ", 255)
        request = build_request(CREATE, name, receiver, ask("Message: ", 65535))
    else:
        raise ClientError("the operation must be read or create")
    sock = connect(addresses)
    try:
        sock.sendall(request)
        print(f"The {operation} request was sent")
        if operation == "read":
            show_response(sock)
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
    except OSError as error:
        sys.exit(f"Error: connection failed: {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped")


if __name__ == "__main__":
    main()
