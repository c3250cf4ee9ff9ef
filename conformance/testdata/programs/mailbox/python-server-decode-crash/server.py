# Wrong: names are decoded without a thought for bytes that are not UTF-8; the exception ends the server.
"""Mailbox server: python3 server.py PORT"""
import socket
import struct
import sys

mail = {}


def receive(conn, n):
    data = b""
    while len(data) < n:
        chunk = conn.recv(n - len(data))
        if not chunk:
            return None
        data += chunk
    return data


def receive_request(conn):
    header = receive(conn, 7)
    if header is None:
        return None
    magic, ident, n, r, m = struct.unpack("!HBBBH", header)
    good_read = ident == 1 and r == 0 and m == 0
    good_create = ident == 2 and r > 0 and m > 0
    if magic != 0xAE73 or n == 0 or not (good_read or good_create):
        return None
    body = receive(conn, n + r + m)
    if body is None:
        return None
    name = body[:n].decode("utf-8")
    receiver = body[n:n + r].decode("utf-8")
    message = body[n + r:].decode("utf-8")
    return ident, name, receiver, message


def respond(conn, name):
    messages = mail.get(name, [])
    response = struct.pack("!HBBB", 0xAE73, 3, min(len(messages), 255), len(messages) > 255)
    parts = [response]
    for sender, message in messages[:255]:
        sender, message = sender.encode("utf-8"), message.encode("utf-8")
        parts += [struct.pack("!BH", len(sender), len(message)), sender, message]
    conn.sendall(b"".join(parts))
    mail[name] = messages[255:]
    print(f"{name}: {len(messages[:255])} messages sent")


def handle(conn):
    request = receive_request(conn)
    if request is None:
        print("Error: invalid request")
    elif request[0] == 1:
        respond(conn, request[1])
    else:
        _, sender, receiver, message = request
        mail.setdefault(receiver, []).append((sender, message))
        print(f"Stored message from {sender} to {receiver}")


def main():
    try:
        port = int(sys.argv[1])
    except (IndexError, ValueError):
        sys.exit("Error: port number expected")
    if len(sys.argv) > 2 or port < 1024 or port > 64000:
        sys.exit("Error: one port number from 1024 to 64000 expected")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("0.0.0.0", port))
        sock.listen(8)
    except OSError as e:
        sock.close()
        sys.exit(f"Error: {e}")
    while True:
        conn, address = sock.accept()
        print(f"Connected to {address[0]} {address[1]}")
        conn.settimeout(1)
        try:
            handle(conn)
        except OSError as e:
            print(f"Error: {e}")
        finally:
            conn.close()


main()
