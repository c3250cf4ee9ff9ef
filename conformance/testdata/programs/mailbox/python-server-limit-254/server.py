# Wrong: a response holds at most 254 messages (the loop stops one too early).
"""Mailbox server: python3 server.py PORT"""
import sys
from socket import AF_INET, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket, timeout

database = {}


def read(sock, size):
    data = b""
    while size > len(data):
        part = sock.recv(size - len(data))
        if part == b"":
            raise ValueError("incomplete request")
        data = data + part
    return data


def request(sock):
    h = read(sock, 7)
    kind, n, r, m = h[2], h[3], h[4], h[5] * 256 + h[6]
    if h[0] != 0xAE or h[1] != 0x73:
        raise ValueError("magic number is not 0xAE73")
    if kind != 1 and kind != 2:
        raise ValueError("ID is not 1 or 2")
    if n == 0:
        raise ValueError("name has no bytes")
    if kind == 1 and (r != 0 or m != 0):
        raise ValueError("read with receiver or message")
    if kind == 2 and (r == 0 or m == 0):
        raise ValueError("create without receiver or message")
    body = read(sock, n + r + m)
    if kind == 1:
        answer(sock, body)
    else:
        store(body[:n], body[n:n + r], body[n + r:])


def store(sender, receiver, message):
    database.setdefault(receiver, []).append((sender, message))
    print("Stored. Sender:", sender.decode("utf-8", "replace"), "Receiver:", receiver.decode("utf-8", "replace"))


def answer(sock, user):
    messages = database.get(user, [])
    items = bytearray()
    number = 0
    while number < len(messages):
        if number + 1 == 255:
            break
        sender, message = messages[number]
        items.append(len(sender))
        items.extend(len(message).to_bytes(2, "big"))
        items.extend(sender)
        items.extend(message)
        number += 1
    rest = messages[number:]
    sock.sendall(bytes([0xAE, 0x73, 3, number, 1 if rest else 0]) + items)
    database[user] = rest
    print("Sent", number, "messages to", user.decode("utf-8", "replace"))


def run(port):
    welcome = socket(AF_INET, SOCK_STREAM)
    welcome.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    try:
        welcome.bind(("0.0.0.0", port))
        welcome.listen(1)
    except OSError as e:
        print("ERROR: port", port, "is not free:", e)
        return
    while True:
        sock, address = welcome.accept()
        print("Connection from", address[0], "with port", address[1])
        sock.settimeout(1)
        try:
            request(sock)
        except timeout:
            print("ERROR: waited too long")
        except (ValueError, OSError) as e:
            print("ERROR:", e)
        sock.close()


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        print("ERROR: server.py needs a port number")
    elif not 1024 <= int(sys.argv[1]) <= 64000:
        print("ERROR: port number must be in the range 1024 to 64000")
    else:
        run(int(sys.argv[1]))
