// Captures made byte by byte: many connections, a long one, and one with hostile text wherever text can stand.
import { createWriteStream, writeFileSync } from "node:fs";
import { once } from "node:events";

const SYN = 0x02, FIN_ACK = 0x11, SYN_ACK = 0x12, ACK = 0x10, PSH_ACK = 0x18;

// An Ethernet frame with IPv4 (RFC 791) and TCP (RFC 9293); checksums are left out.
function segment([client, clientPort], [server, serverPort], [sequence, acknowledgement], flags, payload = "") {
  const data = Buffer.from(payload);
  const frame = Buffer.alloc(54 + data.length);
  frame.writeUInt16BE(0x0800, 12);
  frame.writeUInt16BE(0x4500, 14);
  frame.writeUInt16BE(40 + data.length, 16);
  frame[22] = 64;
  frame[23] = 6;
  frame.set(client, 26);
  frame.set(server, 30);
  frame.writeUInt16BE(clientPort, 34);
  frame.writeUInt16BE(serverPort, 36);
  frame.writeUInt32BE(sequence, 38);
  frame.writeUInt32BE(acknowledgement, 42);
  frame[46] = 0x50;
  frame[47] = flags;
  frame.writeUInt16BE(0xffff, 48);
  frame.set(data, 54);
  return frame;
}

function* connection(client, server, lines) {
  yield segment(client, server, [1000, 0], SYN);
  yield segment(server, client, [5000, 1001], SYN_ACK);
  yield segment(client, server, [1001, 5001], ACK);
  let sequence = 1001;
  for (const line of lines) {
    yield segment(client, server, [sequence, 5001], PSH_ACK, line);
    sequence += line.length;
    yield segment(server, client, [5001, sequence], ACK);
  }
}

const server = [[10, 0, 3, 1], 65432];

// pcap (draft-ietf-opsawg-pcap): 24 bytes of header, 16 before each frame.
async function pcap(path, frames) {
  const out = createWriteStream(path);
  const header = Buffer.alloc(24);
  [0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1].forEach((word, place) => header.writeUInt32LE(word, place * 4));
  out.write(header);
  let number = 0;
  for (const frame of frames) {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1_700_000_000 + Math.floor(number / 1000), 0);
    record.writeUInt32LE((number % 1000) * 1000, 4);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    number += 1;
    if (!out.write(Buffer.concat([record, frame]))) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}

// A lab server with so many connections, from two client computers.
export function many(path, connections) {
  function* frames() {
    for (let n = 0; n < connections; n += 1) {
      yield* connection([[10, 0, 3, 2 + (n % 2)], 1024 + (n >> 1) % 60000], server, []);
    }
  }
  return pcap(path, frames());
}

// So many bytes of many connections that send segments in turn.
export function large(path, bytes) {
  const payload = "x".repeat(430);
  function* frames() {
    const clients = Array.from({ length: 2000 }, (_, n) => [[10, 0, 3, 2 + (n % 2)], 20000 + n]);
    for (const client of clients) yield* connection(client, server, []);
    for (let written = 0, turn = 0; written < bytes; written += 500, turn += 1) {
      const round = Math.floor(turn / clients.length);
      yield segment(clients[turn % clients.length], server, [1001 + round * payload.length, 5001], PSH_ACK, payload);
    }
  }
  return pcap(path, frames());
}

// One connection with so many lines, closed by the client.
export function long(path, lines) {
  const client = [[10, 0, 3, 2], 40210];
  function* frames() {
    yield* connection(client, server, Array.from({ length: lines }, (_, n) => `line ${n}\n`));
    yield segment(client, server, [900000, 5001], FIN_ACK);
  }
  return pcap(path, frames());
}

// pcapng (draft-ietf-opsawg-pcapng) with the text as every name, comment and payload.
export function hostile(path, text) {
  const words = (...numbers) => Buffer.from(Uint32Array.from(numbers).buffer);
  const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  const option = (code, value) => {
    const bytes = Buffer.from(value);
    const head = Buffer.alloc(4);
    head.writeUInt16LE(code, 0);
    head.writeUInt16LE(bytes.length, 2);
    return Buffer.concat([head, padded(bytes)]);
  };
  const block = (kind, ...parts) => {
    const body = Buffer.concat(parts);
    const length = body.length + 12;
    return Buffer.concat([words(kind, length), body, words(length)]);
  };
  const end = words(0);
  const blocks = [
    block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff), ...[1, 2, 3, 4].map((code) => option(code, text)), end),
    block(1, words(1, 262144), option(1, text), option(2, text), option(3, text), option(11, `\0${text}`), end),
  ];
  let time = 0;
  for (const frame of connection([[10, 0, 3, 2], 40210], server, [`${text}\n`])) {
    time += 1000;
    blocks.push(block(6, words(0, 0x60000, time, frame.length, frame.length), padded(frame), option(1, text), end));
  }
  writeFileSync(path, Buffer.concat(blocks));
}
