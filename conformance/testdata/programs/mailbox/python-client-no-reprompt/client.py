# Wrong: an invalid answer to a prompt ends the client instead of asking again.
"""Mailbox client: python3 client.py HOST PORT USER read|create"""
import socket
import struct
import sys


def stop(message):
    print("Error: " + message)
    sys.exit(1)


def get_input(question, limit):
    data = input(question).encode("utf-8")
    if len(data) < 1:
        stop("nothing was entered")
    if len(data) > limit:
        stop("more than " + str(limit) + " bytes were entered")
    return data


def receive(sock, n):
    parts = []
    while n > 0:
        part = sock.recv(n)
        if part == b"":
            raise OSError("the response ends too early")
        parts.append(part)
        n -= len(part)
    return b"".join(parts)


def receive_messages(sock):
    magic, ident, count, more = struct.unpack("!HBBB", receive(sock, 5))
    if magic != 0xAE73:
        raise OSError("the magic number of the response is wrong")
    if ident != 3:
        raise OSError("the ID of the response is wrong")
    if more > 1:
        raise OSError("MoreMsgs of the response is wrong")
    for _ in range(count):
        n, m = struct.unpack("!BH", receive(sock, 3))
        if n == 0 or m == 0:
            raise OSError("a length in the response is 0")
        sender = receive(sock, n).decode("utf-8", "replace")
        message = receive(sock, m).decode("utf-8", "replace")
        print(sender + " says " + message)
    if count == 0:
        print("The mailbox is empty")
    if more == 1:
        print("The mailbox holds more messages")


def lookup(host, port):
    try:
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        stop("the host cannot be found")


def connect(infos):
    for info in infos:
        sock = socket.socket(*info[:3])
        sock.settimeout(1)
        try:
            sock.connect(info[4])
            return sock
        except OSError:
            sock.close()
    stop("the server cannot be reached")


def main():
    if len(sys.argv) != 5:
        stop("use: client.py HOST PORT USER read|create")
    _, host, port, user, request = sys.argv
    name = user.encode("utf-8")
    try:
        port = int(port)
    except ValueError:
        stop("the port is not a number")
    if port < 1024 or port > 64000:
        stop("the port is not between 1024 and 64000")
    if len(name) < 1 or len(name) > 255:
        stop("the user name is too short or too long")
    infos = lookup(host, port)
    if request == "create":
        receiver, message = get_input("Enter receiver: ", 255), get_input("Enter message: ", 65535)
        data = struct.pack("!HBBBH", 0xAE73, 2, len(name), len(receiver), len(message))
        data += name + receiver + message
    elif request == "read":
        data = struct.pack("!HBBBH", 0xAE73, 1, len(name), 0, 0) + name
    else:
        stop("the request is neither read nor create")
    sock = connect(infos)
    try:
        sock.sendall(data)
        print("The " + request + " request is on its way")
        if request == "read":
            receive_messages(sock)
    except OSError as e:
        print("Error:", e)
    sock.close()


main()
