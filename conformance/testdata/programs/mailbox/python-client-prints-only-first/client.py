# Wrong: only the first message of the response is read and printed (the return is inside the loop).
"""Mailbox client: python3 client.py HOST PORT USER read|create"""
import socket
import sys

MAGIC = b"\xae\x73"


def quit_with(text):
    print("ERROR:", text)
    sys.exit(1)


def recv_all(sock, size):
    data = bytearray()
    while len(data) < size:
        new = sock.recv(size - len(data))
        if not new:
            raise ConnectionError("the server closed too early")
        data.extend(new)
    return bytes(data)


def recv_messages(sock, count):
    """Return the messages as (sender, text)."""
    messages = []
    for _ in range(count):
        header = recv_all(sock, 3)
        length = int.from_bytes(header[1:3], "big")
        if header[0] < 1 or length < 1:
            raise ConnectionError("the server sent an empty sender or text")
        sender = recv_all(sock, header[0]).decode("utf-8", "replace")
        text = recv_all(sock, length).decode("utf-8", "replace")
        messages.append((sender, text))
        return messages
    return messages


def recv_response(sock):
    header = recv_all(sock, 5)
    if header[:2] != MAGIC or header[2] != 3:
        raise ConnectionError("that is no MessageResponse")
    if header[4] != 0 and header[4] != 1:
        raise ConnectionError("the field MoreMsgs is wrong")
    messages = recv_messages(sock, header[3])
    if not messages:
        print("no messages for you")
    for sender, text in messages:
        print(sender, "->", text)
    if header[4] == 1:
        print("there are still more messages")


def ask(question, limit):
    while True:
        answer = input(question).encode("utf-8")
        if answer and len(answer) <= limit:
            return answer
        print("ERROR: please enter 1 to", limit, "bytes")


def connect(infos):
    for family, kind, proto, _, address in infos:
        sock = socket.socket(family, kind, proto)
        try:
            sock.settimeout(1)
            sock.connect(address)
            return sock
        except OSError as e:
            last = e
            sock.close()
    quit_with(last)


def main():
    if len(sys.argv) != 5:
        quit_with("four parameters please")
    if not sys.argv[2].isdecimal() or not 1024 <= int(sys.argv[2]) <= 64000:
        quit_with("port must be 1024 to 64000")
    try:
        infos = socket.getaddrinfo(sys.argv[1], int(sys.argv[2]), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as e:
        quit_with(e)
    user = sys.argv[3].encode("utf-8")
    if not 0 < len(user) < 256:
        quit_with("user must be 1 to 255 bytes")
    if sys.argv[4] == "create":
        receiver = ask("for whom? ", 255)
        message = ask("which message? ", 65535)
        request = MAGIC + bytes([2, len(user), len(receiver)]) + len(message).to_bytes(2, "big")
        request += user + receiver + message
    elif sys.argv[4] == "read":
        request = MAGIC + bytes([1, len(user), 0, 0, 0]) + user
    else:
        quit_with("request must be read or create")
    sock = connect(infos)
    try:
        sock.sendall(request)
        print("request was sent")
        if sys.argv[4] == "read":
            recv_response(sock)
    except OSError as e:
        print("ERROR:", e)
    finally:
        sock.close()


main()
