# Wrong: connects before it asks for receiver and message, so the server drops it while the user types.
"""Mailbox client: python3 client.py HOST PORT USER read|create"""
import socket
import sys


def show(raw):
    return raw.decode("utf-8", "replace")


def read_exactly(sock, n):
    data = b""
    while len(data) < n:
        piece = sock.recv(n - len(data))
        if not piece:
            raise ValueError("server closed the connection")
        data += piece
    return data


def ask(question, maximum):
    while True:
        answer = input(question).encode("utf-8")
        if len(answer) == 0:
            print("Error: empty")
        elif len(answer) > maximum:
            print("Error: too long")
        else:
            return answer


def make_request(user, kind):
    if kind == "read":
        return bytes([0xAE, 0x73, 1, len(user), 0, 0, 0]) + user
    receiver = ask("To: ", 255)
    message = ask("Text: ", 65535)
    header = bytes([0xAE, 0x73, 2, len(user), len(receiver)]) + len(message).to_bytes(2, "big")
    return header + user + receiver + message


def print_messages(sock):
    header = read_exactly(sock, 5)
    if header[0:2] != b"\xae\x73":
        raise ValueError("wrong MagicNo")
    if header[2] != 3:
        raise ValueError("wrong ID")
    if header[4] not in (0, 1):
        raise ValueError("wrong MoreMsgs")
    if header[3] == 0:
        print("Nothing new")
    for i in range(header[3]):
        head = read_exactly(sock, 3)
        length = int.from_bytes(head[1:], "big")
        if head[0] == 0 or length == 0:
            raise ValueError("wrong length")
        sender = read_exactly(sock, head[0])
        print(f"{i + 1}. {show(sender)} wrote: {show(read_exactly(sock, length))}")
    if header[4] == 1:
        print("More messages are left")


def open_connection(host, port):
    problem = "no address"
    for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(info[0], info[1])
        sock.settimeout(1)
        try:
            sock.connect(info[4])
            return sock
        except OSError as e:
            sock.close()
            problem = e
    sys.exit(f"Error: {problem}")


def main():
    if len(sys.argv) != 5:
        sys.exit("Error: wrong number of parameters")
    host, port, user, kind = sys.argv[1:]
    user = user.encode("utf-8")
    if not port.isdecimal() or int(port) < 1024 or int(port) > 64000:
        sys.exit("Error: wrong port")
    if not user or len(user) > 255:
        sys.exit("Error: wrong user name")
    if kind not in ("read", "create"):
        sys.exit("Error: wrong request type")
    try:
        sock = open_connection(host, int(port))
    except (OSError, UnicodeError) as e:
        sys.exit(f"Error: {e}")
    try:
        sock.sendall(make_request(user, kind))
        print("Sent.")
        if kind == "read":
            print_messages(sock)
    except (OSError, ValueError) as e:
        print("Error:", e)
    sock.close()


main()
