// Chat server: node srv.js HOST PORT
//
// Events, so that nobody waits for anybody. Every message ends with a newline.
"use strict";

const fs = require("fs");
const net = require("net");
const path = require("path");

const FOLDER = "server";
const MOST_BEHIND = 4 << 20; // bytes that a client may be behind before it is dropped

const clients = new Map(); // socket -> client

const users = (n) => `${n} ${n > 1 ? "users" : "user"} online`;

// tell prints a message and sends it to everybody but one.
function tell(from, message) {
  const line = Buffer.concat([Buffer.from(message), Buffer.from("\n")]);
  process.stdout.write(line);
  for (const socket of clients.keys()) {
    if (socket === from) continue;
    socket.write(line);
    if (socket.writableLength > MOST_BEHIND) socket.destroy();
  }
}

function parseUpload(data) {
  const match = /^#upload '([^'/\\\0]+)' ([0-9]+)$/.exec(data.toString("latin1"));
  if (!match) return null;
  const name = Buffer.from(match[1], "latin1");
  return name.equals(Buffer.from(".")) || name.equals(Buffer.from("..")) ? null : { name, left: Number(match[2]), parts: [] };
}

function finish(client) {
  const { name, parts } = client.upload;
  client.upload = null;
  fs.writeFileSync(Buffer.concat([Buffer.from(FOLDER + path.sep), name]), Buffer.concat(parts));
  tell(client.socket, `> User ${client.name} has uploaded a file`);
}

function receive(client, data) {
  if (client.upload) {
    const part = data.subarray(0, client.upload.left);
    client.upload.parts.push(part);
    client.upload.left -= part.length;
    if (client.upload.left === 0) finish(client);
    if (part.length < data.length) receive(client, data.subarray(part.length));
    return;
  }
  client.upload = data.indexOf("#upload") === 0 ? parseUpload(data) : null;
  if (!client.upload) tell(client.socket, Buffer.concat([Buffer.from(`[${client.name}] `), data]));
  else if (client.upload.left === 0) finish(client);
}

function welcome(socket) {
  const client = { socket, name: `${socket.remoteAddress}:${socket.remotePort}`, upload: null };
  clients.set(socket, client);
  socket.write(`> Connected to the chat server (${users(clients.size)})\n`);
  tell(socket, `> New user ${client.name} entered (${users(clients.size)})`);
  socket.on("data", (data) => receive(client, data));
  socket.on("error", () => {});
  socket.on("close", () => {
    clients.delete(socket);
    tell(socket, `< The user ${client.name} left (${users(clients.size)})`);
  });
}

function main(args) {
  if (args.length < 2) {
    console.log("valid format : node srv.js HOST PORT");
    process.exit(1);
  }
  fs.mkdirSync(FOLDER, { recursive: true });
  const server = net.createServer(welcome);
  server.on("error", (error) => {
    console.log(`error: ${error.message}`);
    process.exit(1);
  });
  process.on("SIGINT", () => {
    console.log("\nexit");
    server.close();
    process.exit(0);
  });
  server.listen(Number(args[1]), args[0], () => console.log(`Chat server started on port ${args[1]}.`));
}

main(process.argv.slice(2));
