# Wrong: the receive loop never tests for b"", so a client that leaves early makes it spin for ever.
"""Mailbox server: python3 server.py PORT"""
import socket
import sys

MAGIC = 0xAE73
box = {}


def receive(conn, length):
    """Receive until all the bytes are there."""
    data = b""
    while len(data) < length:
        data += conn.recv(length - len(data))
    return data


def check(magic, ident, name_len, receiver_len, message_len):
    """Return a description of the first fault, or an empty string."""
    if magic != MAGIC:
        return "magic number is wrong"
    if ident not in (1, 2):
        return "ID must be 1 or 2"
    if name_len == 0:
        return "name must not be empty"
    if ident == 1 and (receiver_len or message_len):
        return "read must not have receiver or message"
    if ident == 2 and not (receiver_len and message_len):
        return "create must have receiver and message"
    return ""


def send_messages(conn, user):
    waiting = box.get(user, [])
    sending, box[user] = waiting[:255], waiting[255:]
    response = bytearray(MAGIC.to_bytes(2, "big"))
    response.append(3)
    response.append(len(sending))
    response.append(1 if box[user] else 0)
    for sender, message in sending:
        response.append(len(sender))
        response += len(message).to_bytes(2, "big")
        response += sender + message
    conn.sendall(response)
    print("sent", len(sending), "messages to", user.decode("utf-8", "replace"))


def handle(conn):
    header = receive(conn, 7)
    magic, message_len = int.from_bytes(header[:2], "big"), int.from_bytes(header[5:], "big")
    ident, name_len, receiver_len = header[2], header[3], header[4]
    problem = check(magic, ident, name_len, receiver_len, message_len)
    if problem:
        print("error:", problem)
        return
    name = receive(conn, name_len)
    receiver = receive(conn, receiver_len)
    message = receive(conn, message_len)
    if ident == 1:
        send_messages(conn, name)
    else:
        box.setdefault(receiver, []).append((name, message))
        print("new message from", name.decode("utf-8", "replace"), "for", receiver.decode("utf-8", "replace"))


def main():
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        print("error: give the port number as the only parameter")
        return
    port = int(sys.argv[1])
    if not 1024 <= port <= 64000:
        print("error: port must be between 1024 and 64000")
        return
    try:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("0.0.0.0", port))
        sock.listen()
    except OSError as e:
        print("error:", e)
        return
    while True:
        conn, address = sock.accept()
        print("client", address[0], "port", address[1])
        conn.settimeout(1)
        try:
            handle(conn)
        except OSError as e:
            print("error:", e)
        conn.close()


main()
