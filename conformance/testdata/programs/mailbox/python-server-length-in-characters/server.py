# Wrong: names and messages are kept as strings, and the response counts characters, not bytes.
"""Mailbox server: python3 server.py PORT"""
import socket
import sys

messages = {}


def read_text(conn, size):
    return read_raw(conn, size).decode("utf-8", "surrogateescape")


def read_raw(conn, size):
    data = bytearray()
    while len(data) < size:
        piece = conn.recv(size - len(data))
        if not piece:
            raise ValueError("missing bytes at the end of the request")
        data += piece
    return data


def handle(conn):
    header = read_raw(conn, 7)
    if int.from_bytes(header[0:2], "big") != 0xAE73:
        raise ValueError("wrong magic number")
    ident, name_len, receiver_len = header[2], header[3], header[4]
    message_len = int.from_bytes(header[5:7], "big")
    if ident not in [1, 2]:
        raise ValueError("wrong ID")
    if name_len < 1:
        raise ValueError("no name")
    if ident == 1 and not receiver_len == message_len == 0:
        raise ValueError("read request with other lengths than 0")
    if ident == 2 and 0 in (receiver_len, message_len):
        raise ValueError("create request with a length of 0")
    name = read_text(conn, name_len)
    receiver = read_text(conn, receiver_len)
    message = read_text(conn, message_len)
    if ident == 2:
        messages.setdefault(receiver, []).append((name, message))
        print(f"Message from {name!r} to {receiver!r} saved")
    else:
        send(conn, name)


def send(conn, name):
    all_of_them = messages.get(name, [])
    batch = all_of_them[:255]
    response = bytearray([0xAE, 0x73, 3, len(batch), int(len(all_of_them) > 255)])
    for sender, message in batch:
        response.append(len(sender))
        response += len(message).to_bytes(2, "big")
        response += (sender + message).encode("utf-8", "surrogateescape")
    conn.sendall(response)
    messages[name] = all_of_them[255:]
    print(f"{len(batch)} messages sent to {name!r}")


def get_socket():
    if len(sys.argv) != 2:
        sys.exit("Error: give one parameter, the port")
    try:
        port = int(sys.argv[1])
    except ValueError:
        sys.exit("Error: the port is not a number")
    if not 1024 <= port <= 64000:
        sys.exit("Error: the port is not allowed")
    try:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("0.0.0.0", port))
        sock.listen()
    except OSError as e:
        sys.exit(f"Error: could not start: {e}")
    return sock


def main():
    sock = get_socket()
    while True:
        conn, address = sock.accept()
        print(f"Client {address[0]} on port {address[1]}")
        conn.settimeout(1)
        try:
            handle(conn)
        except (ValueError, OSError) as e:
            print(f"Error: {e}")
        conn.close()


main()
