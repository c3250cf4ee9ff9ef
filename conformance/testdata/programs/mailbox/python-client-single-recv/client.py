# Wrong: every part of the response is read with a single recv().
"""Mailbox client: python3 client.py HOST PORT USER read|create"""
import socket
import sys


def fail(why):
    print("Error:", why)
    sys.exit(1)


def ask(what, limit):
    answer = input(what + ": ").encode("utf-8")
    while len(answer) < 1 or len(answer) > limit:
        print("Error: the", what, "must have 1 to", limit, "bytes")
        answer = input(what + ": ").encode("utf-8")
    return answer


def receive(sock, n):
    data = sock.recv(n)
    if len(data) < n:
        raise ValueError("the response is too short")
    return data


def read_response(sock):
    header = receive(sock, 5)
    if header[:2] != b"\xae\x73" or header[2] != 3 or header[4] > 1:
        raise ValueError("the response header is wrong")
    if header[3] == 0:
        print("No messages")
    for _ in range(header[3]):
        head = receive(sock, 3)
        message_len = head[1] << 8 | head[2]
        if head[0] == 0 or message_len == 0:
            raise ValueError("a message header is wrong")
        sender = receive(sock, head[0])
        message = receive(sock, message_len)
        print("From:", sender.decode("utf-8", "replace"))
        print(message.decode("utf-8", "replace"))
    if header[4] == 1:
        print("There are more messages to collect")


def connect(places):
    for family, kind, proto, _, address in places:
        sock = socket.socket(family, kind, proto)
        sock.settimeout(1)
        try:
            sock.connect(address)
            return sock
        except OSError:
            sock.close()
    fail("no connection to the server")


def main():
    if len(sys.argv) != 5:
        fail("four parameters are needed")
    host, port, user, what = sys.argv[1], sys.argv[2], sys.argv[3].encode("utf-8"), sys.argv[4]
    if not port.isdecimal() or not 1024 <= int(port) <= 64000:
        fail("the port must be a number from 1024 to 64000")
    try:
        places = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        fail("the host is unknown")
    if len(user) < 1 or len(user) > 255:
        fail("the user name must have 1 to 255 bytes")
    if what != "read" and what != "create":
        fail("the request must be read or create")
    receiver, message = b"", b""
    if what == "create":
        receiver = ask("receiver", 255)
        message = ask("message", 65535)
    request = bytearray([0xAE, 0x73, 1 if what == "read" else 2, len(user), len(receiver)])
    request += len(message).to_bytes(2, "big") + user + receiver + message
    sock = connect(places)
    try:
        sock.sendall(request)
        print("Request sent")
        if what == "read":
            read_response(sock)
    except (ValueError, OSError) as e:
        print("Error:", e)
    finally:
        sock.close()


main()
