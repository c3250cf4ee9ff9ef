# Wrong: the timeout of the accepted socket is three seconds instead of one.
"""Mailbox server. Parameter: the port."""
import socket
import sys

TIMEOUT = 3.0


def error(message):
    print("Error:", message)
    sys.exit(1)


def recv_all(client, length):
    result = bytearray()
    while len(result) != length:
        data = client.recv(length - len(result))
        if len(data) == 0:
            return None
        result.extend(data)
    return bytes(result)


def valid(header):
    receiver_len, message_len = header[4], int.from_bytes(header[5:7], "big")
    if int.from_bytes(header[0:2], "big") != 0xAE73 or header[3] == 0:
        return False
    if header[2] == 1:
        return receiver_len == 0 and message_len == 0
    if header[2] == 2:
        return receiver_len > 0 and message_len > 0
    return False


def handle(client, boxes):
    header = recv_all(client, 7)
    if header is None or not valid(header):
        print("Error: header is not valid")
        return
    n, r, m = header[3], header[4], int.from_bytes(header[5:7], "big")
    body = recv_all(client, n + r + m)
    if body is None:
        print("Error: body is not complete")
        return
    name, receiver, message = body[:n], body[n:n + r], body[n + r:]
    if header[2] == 2:
        boxes.setdefault(receiver, []).append((name, message))
        print("New message: sender", name.decode("utf-8", "replace") + ", receiver",
              receiver.decode("utf-8", "replace"))
        return
    box = boxes.pop(name, [])
    if len(box) > 255:
        boxes[name] = box[255:]
    send_messages(client, box[:255], len(box) > 255)
    print("Messages sent:", len(box[:255]))


def send_messages(client, messages, more):
    data = bytearray(b"\xAE\x73\x03")
    data.append(len(messages))
    data.append(1 if more else 0)
    for sender, message in messages:
        data.append(len(sender))
        data += len(message).to_bytes(2, "big") + sender + message
    client.sendall(data)


def main():
    if len(sys.argv) != 2:
        error("there must be one parameter")
    try:
        port = int(sys.argv[1])
    except ValueError:
        error("the port must be a number")
    if not (1024 <= port <= 64000):
        error("the port must be from 1024 to 64000")
    try:
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("0.0.0.0", port))
        server.listen(20)
    except OSError as e:
        error(e)
    boxes = {}
    while True:
        client, address = server.accept()
        client.settimeout(TIMEOUT)
        print("Client at", address[0], "port", address[1])
        try:
            handle(client, boxes)
        except socket.timeout:
            print("Error: timeout")
        except OSError as e:
            print("Error:", e)
        client.close()


main()
