// Mailbox server for Node.js, with the net module only.
//
// node server.js PORT
'use strict';

const net = require('net');

const MAGIC = 0xae73;
const READ = 1;
const CREATE = 2;
const RESPONSE = 3;
const MAX_ITEMS = 255;
const GAP_MS = 1000;

const mailboxes = new Map(); // name as hex -> [{sender, message}]

// Returns what is wrong with a header, or null.
function headerFault(header) {
  const id = header[2];
  const isCreate = id === CREATE;
  if (header.readUInt16BE(0) !== MAGIC) return 'wrong magic number';
  if (id !== READ && id !== CREATE) return `unknown ID ${id}`;
  if (header[3] === 0) return 'empty name';
  if ((header[4] > 0) !== isCreate) return 'bad ReceiverLen';
  if ((header.readUInt16BE(5) > 0) !== isCreate) return 'bad MessageLen';
  return null;
}

function takeMessages(name) {
  const key = name.toString('hex');
  const waiting = mailboxes.get(key) || [];
  const batch = waiting.splice(0, MAX_ITEMS);
  if (waiting.length === 0) mailboxes.delete(key);
  return { batch, more: waiting.length > 0 };
}

function buildResponse(batch, more) {
  const head = Buffer.alloc(5);
  head.writeUInt16BE(MAGIC, 0);
  head[2] = RESPONSE;
  head[3] = batch.length;
  head[4] = more ? 1 : 0;
  const parts = [head];
  for (const { sender, message } of batch) {
    const itemHead = Buffer.alloc(3);
    itemHead[0] = sender.length;
    itemHead.writeUInt16BE(message.length, 1);
    parts.push(itemHead, sender, message);
  }
  return Buffer.concat(parts);
}

function processRequest(socket, request) {
  const name = request.subarray(7, 7 + request[3]);
  if (request[2] === READ) {
    const { batch, more } = takeMessages(name);
    socket.end(buildResponse(batch, more), () => {
      socket.destroy();
      console.log(`sent ${batch.length} messages to ${name}`);
    });
    return;
  }
  const receiver = request.subarray(7 + request[3], 7 + request[3] + request[4]);
  const message = request.subarray(7 + request[3] + request[4]);
  const key = receiver.toString('hex');
  if (!mailboxes.has(key)) mailboxes.set(key, []);
  mailboxes.get(key).push({ sender: name, message });
  socket.destroy();
  console.log(`stored a message from ${name} for ${receiver}`);
}

function handleConnection(socket) {
  console.log(`connection from ${socket.remoteAddress} port ${socket.remotePort}`);
  let chunks = [];
  let received = 0;
  let expected = null; // known once the header is here
  let done = false;

  function giveUp(reason) {
    if (!done) console.log(`error: ${reason}`);
    done = true;
    socket.destroy();
  }

  function onData(chunk) {
    if (done) return;
    chunks.push(chunk);
    received += chunk.length;
    if (received < 7) return;
    if (expected === null) {
      const header = Buffer.concat(chunks);
      const fault = headerFault(header);
      if (fault !== null) {
        giveUp(fault);
        return;
      }
      expected = 7 + header[3] + header[4] + header.readUInt16BE(5);
    }
    if (received > expected) {
      giveUp('bytes after the end of the request');
    } else if (received === expected) {
      done = true;
      processRequest(socket, Buffer.concat(chunks));
      chunks = [];
    }
  }

  socket.setTimeout(GAP_MS);
  socket.on('data', onData);
  socket.on('end', () => {
    if (!done) giveUp('the request is incomplete');
  });
  socket.on('timeout', () => {
    console.log('error: the client was silent for a second');
    done = true;
    socket.destroy();
  });
  socket.on('error', (err) => giveUp(err.message));
}

function main(args) {
  if (args.length !== 1) {
    console.error('error: expected one argument, the port');
    process.exit(1);
  }
  const port = /^\d+$/.test(args[0]) ? Number(args[0]) : NaN;
  if (!(port >= 1024 && port <= 64000)) {
    console.error('error: the port must be a number from 1024 to 64000');
    process.exit(1);
  }
  const server = net.createServer({ allowHalfOpen: true }, handleConnection);
  server.on('error', (err) => {
    console.error(`error: ${err.message}`);
    process.exit(1);
  });
  server.listen(port, '0.0.0.0');
}

main(process.argv.slice(2));
