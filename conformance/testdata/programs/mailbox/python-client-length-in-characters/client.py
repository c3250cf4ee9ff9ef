# Wrong: the length fields of the request count characters, not bytes.
"""Mailbox client: python3 client.py HOST PORT USER read|create"""
import socket
import sys


def size(string):
    return len(string.encode("utf-8"))


def question(text, limit):
    answer = input(text)
    while not 1 <= size(answer) <= limit:
        print("Error: between 1 and", limit, "bytes, please")
        answer = input(text)
    return answer


def request(ident, user, receiver, message):
    data = bytearray([0xAE, 0x73, ident, len(user), len(receiver)])
    data += len(message).to_bytes(2, "big")
    data += user.encode("utf-8")
    data += receiver.encode("utf-8")
    data += message.encode("utf-8")
    return data


def receive(sock, n):
    data = b""
    while len(data) < n:
        chunk = sock.recv(n - len(data))
        if not chunk:
            raise ValueError("unexpected end of the response")
        data += chunk
    return data


def response(sock):
    header = receive(sock, 5)
    if header[0] != 0xAE or header[1] != 0x73:
        raise ValueError("bad magic number in the response")
    if header[2] != 3:
        raise ValueError("bad ID in the response")
    if header[4] not in [0, 1]:
        raise ValueError("bad MoreMsgs in the response")
    if header[3] == 0:
        print("Sorry, no messages")
    for _ in range(header[3]):
        head = receive(sock, 3)
        sender_len, message_len = head[0], head[1] * 256 + head[2]
        if sender_len == 0 or message_len == 0:
            raise ValueError("bad length in the response")
        sender = receive(sock, sender_len).decode("utf-8", "replace")
        message = receive(sock, message_len).decode("utf-8", "replace")
        print(f"Message from {sender}: {message}")
    if header[4] == 1:
        print("The server has more messages")


def connect(infos):
    error = None
    for family, kind, proto, name, address in infos:
        sock = socket.socket(family, kind, proto)
        try:
            sock.settimeout(1)
            sock.connect(address)
            return sock
        except OSError as e:
            sock.close()
            error = e
    sys.exit(f"Error: {error}")


if len(sys.argv) != 5:
    sys.exit("Error: there must be four parameters")
host, port, user, kind = sys.argv[1:]
if not port.isdecimal() or not 1024 <= int(port) <= 64000:
    sys.exit("Error: the port must be between 1024 and 64000")
try:
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
except (OSError, UnicodeError):
    sys.exit("Error: the host does not exist")
if not 1 <= size(user) <= 255:
    sys.exit("Error: the user name must have 1 to 255 bytes")
if kind == "read":
    data = request(1, user, "", "")
elif kind == "create":
    receiver = question("Receiver's name: ", 255)
    data = request(2, user, receiver, question("Message text: ", 65535))
else:
    sys.exit("Error: the request must be read or create")
sock = connect(infos)
try:
    sock.sendall(data)
    print("Your request was sent")
    if kind == "read":
        response(sock)
except (ValueError, OSError) as e:
    print(f"Error: {e}")
finally:
    sock.close()
