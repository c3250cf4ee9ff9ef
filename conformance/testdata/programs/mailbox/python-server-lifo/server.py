# Wrong: the newest message is sent first (list.pop() takes the last one).
"""Mailbox server: python3 server.py PORT"""
import socket
import sys

MAX = 255
storage = {}


def get_bytes(conn, amount):
    got = bytearray()
    while len(got) < amount:
        new = conn.recv(amount - len(got))
        if not new:
            raise EOFError("the client closed the connection too soon")
        got += new
    return bytes(got)


def check(ident, name_len, receiver_len, message_len):
    if ident == 1:
        return name_len >= 1 and receiver_len == 0 and message_len == 0
    if ident == 2:
        return name_len >= 1 and receiver_len >= 1 and message_len >= 1
    return False


def serve(conn):
    header = get_bytes(conn, 7)
    magic = int.from_bytes(header[:2], "big")
    ident, name_len, receiver_len = header[2:5]
    message_len = int.from_bytes(header[5:], "big")
    if magic != 0xAE73 or not check(ident, name_len, receiver_len, message_len):
        print("error: request header is invalid")
        return
    name = get_bytes(conn, name_len)
    receiver = get_bytes(conn, receiver_len)
    message = get_bytes(conn, message_len)
    if ident == 2:
        if receiver not in storage:
            storage[receiver] = []
        storage[receiver].append((name, message))
        print(f"{name.decode('utf-8', 'replace')} wrote to {receiver.decode('utf-8', 'replace')}")
    else:
        send_response(conn, name)


def send_response(conn, user):
    waiting = storage.get(user, [])
    body = bytearray()
    count = 0
    while waiting and count < MAX:
        sender, message = waiting.pop()
        body += bytes([len(sender)]) + len(message).to_bytes(2, "big") + sender + message
        count += 1
    more = 1 if waiting else 0
    conn.sendall(b"\xae\x73" + bytes([3, count, more]) + body)
    print(f"{count} messages sent to {user.decode('utf-8', 'replace')}")


def port_argument():
    if len(sys.argv) != 2:
        sys.exit("error: wrong number of arguments")
    try:
        port = int(sys.argv[1])
    except ValueError:
        sys.exit("error: the port must be a number")
    if port < 1024 or port > 64000:
        sys.exit("error: the port must be between 1024 and 64000")
    return port


def main():
    port = port_argument()
    sock = socket.socket()
    try:
        sock.bind(("0.0.0.0", port))
        sock.listen()
    except OSError as e:
        sock.close()
        sys.exit(f"error: {e}")
    while True:
        conn, address = sock.accept()
        print(f"accepted {address[0]}:{address[1]}")
        conn.settimeout(1)
        try:
            serve(conn)
        except (EOFError, OSError) as e:
            print(f"error: {e}")
        conn.close()


main()
