// File server for Node.js, with the net and fs modules only.
//
// node server.js PORT
'use strict';

const fs = require('fs');
const net = require('net');

const MAGIC = 0x497e;
const REQUEST = 1;
const RESPONSE = 2;
const HEADER_SIZE = 5;
const MAX_NAME = 1024;
const GAP_MS = 1000;

// Returns what is wrong with a header, or null.
function headerFault(header) {
  const length = header.readUInt16BE(3);
  if (header.readUInt16BE(0) !== MAGIC) return 'wrong magic number';
  if (header[2] !== REQUEST) return `unknown type ${header[2]}`;
  if (length < 1 || length > MAX_NAME) return `a name of ${length} bytes`;
  return null;
}

function responseHeader(status, length) {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(MAGIC, 0);
  header[2] = RESPONSE;
  header[3] = status;
  header.writeUInt32BE(length, 4);
  return header;
}

// Returns {fd, size} of a file that can be sent; throws for any other.
function openFile(name) {
  const fd = fs.openSync(name, 'r');
  try {
    const info = fs.fstatSync(fd);
    if (!info.isFile()) throw new Error('not a regular file');
    if (info.size > 0xffffffff) throw new Error('too large');
    return { fd, size: info.size };
  } catch (err) {
    fs.closeSync(fd);
    throw err;
  }
}

function sendMissing(socket, name, reason) {
  console.log(`cannot send ${name}: ${reason}`);
  socket.end(responseHeader(0, 0), () => socket.destroy());
}

function sendFile(socket, name, { fd, size }) {
  socket.write(responseHeader(1, size));
  if (size === 0) {
    fs.closeSync(fd);
    socket.end(() => socket.destroy());
    console.log(`sent 0 bytes of ${name}`);
    return;
  }
  const file = fs.createReadStream(null, { fd, end: size - 1, highWaterMark: 1 << 18 });
  file.on('error', (err) => {
    console.log(`error: ${err.message}`);
    socket.destroy();
  });
  file.pipe(socket);
  socket.on('close', () => file.destroy());
  socket.on('finish', () => {
    socket.destroy();
    console.log(`sent ${size} bytes of ${name}`);
  });
}

function processRequest(socket, raw) {
  const name = raw.toString('utf8');
  let file;
  try {
    if (!Buffer.from(name, 'utf8').equals(raw)) throw new Error('the name is not UTF-8');
    file = openFile(name);
  } catch (err) {
    sendMissing(socket, JSON.stringify(name), err.message);
    return;
  }
  sendFile(socket, JSON.stringify(name), file);
}

function handleConnection(socket) {
  const now = new Date().toLocaleTimeString();
  console.log(`${now}: ${socket.remoteAddress} port ${socket.remotePort} connected`);
  let data = Buffer.alloc(0);
  let done = false;

  function giveUp(reason) {
    if (!done) console.log(`error: ${reason}`);
    done = true;
    socket.destroy();
  }

  socket.setTimeout(GAP_MS);
  socket.on('data', (chunk) => {
    if (done) return;
    data = Buffer.concat([data, chunk]);
    if (data.length < HEADER_SIZE) return;
    const fault = headerFault(data);
    if (fault !== null) {
      giveUp(fault);
      return;
    }
    const expected = HEADER_SIZE + data.readUInt16BE(3);
    if (data.length > expected) {
      giveUp('bytes after the end of the request');
    } else if (data.length === expected) {
      done = true;
      processRequest(socket, data.subarray(HEADER_SIZE));
    }
  });
  socket.on('end', () => {
    if (!done) giveUp('the request is incomplete');
  });
  socket.on('timeout', () => {
    console.log('error: the client was silent for a second');
    done = true;
    socket.destroy();
  });
  socket.on('error', (err) => {
    console.log(`error: ${err.message}`);
    done = true;
    socket.destroy();
  });
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
