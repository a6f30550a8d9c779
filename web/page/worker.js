"use strict";
// Runs socklab beside the page, so that the page never waits for it. Files are read a slice at a time.
const SLICE = 4 * 1024 * 1024;
const TELL_EVERY = 100; // milliseconds
const reader = new FileReaderSync();
const text = new TextDecoder();
let socklab = null;
let file = null;
let size = 0;
let held = { at: 0, bytes: new Uint8Array() };
let parts = [];
let fault = "";
let told = 0;

const bytesAt = (from, length) => new Uint8Array(socklab.memory.buffer, from, length);

const tellProgress = (at) => {
  const now = performance.now();
  if (now - told < TELL_EVERY) return;
  told = now;
  postMessage({ progress: { at, size } });
};

const page = {
  read(number, at, to, most) {
    if (!file) return 0;
    if (at < held.at || at >= held.at + held.bytes.length) {
      try {
        held = { at, bytes: new Uint8Array(reader.readAsArrayBuffer(file.slice(at, at + SLICE))) };
      } catch {
        return -1;
      }
      tellProgress(at);
    }
    const from = at - held.at;
    const length = Math.min(most, held.bytes.length - from);
    bytesAt(to, length).set(held.bytes.subarray(from, from + length));
    return length;
  },
  write(from, length) {
    parts.push(bytesAt(from, length).slice());
  },
  panicked(from, length) {
    fault = text.decode(bytesAt(from, length).slice());
  },
};

const say = (words) => {
  const bytes = new TextEncoder().encode(words);
  bytesAt(socklab.room(bytes.length), bytes.length).set(bytes);
};

const unpacked = async (unpack, packed) => {
  const { instance: { exports } } = await WebAssembly.instantiate(unpack);
  // Memory that grows is another buffer.
  const at = exports.room(packed.length);
  new Uint8Array(exports.memory.buffer, at, packed.length).set(packed);
  const length = exports.unpack();
  if (length === 0) throw new Error("The page is damaged.");
  return new Uint8Array(exports.memory.buffer, exports.unpacked(), length);
};

const calls = {
  async start({ unpack, packed, lab }) {
    const module = await WebAssembly.compile(await unpacked(unpack, packed));
    const imports = { page };
    // The library that opens ZIP archives names the browser's random numbers, which encrypting would need.
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      imports[from] ??= {};
      imports[from][name] ??= () => { throw new Error(`${name} is not there`); };
    }
    socklab = (await WebAssembly.instantiate(module, imports)).exports;
    say(lab);
    socklab.begin();
  },
  add: () => socklab.add(0, size),
  remove: () => socklab.remove(),
  analyze: () => socklab.analyze(),
  form: () => socklab.form(),
  check: () => socklab.check(),
  fill: () => socklab.fill(),
  settle: () => socklab.settle(),
  save: () => socklab.save(0, size) !== 0,
};

onmessage = async ({ data }) => {
  parts = [];
  fault = "";
  file = data.file ?? null;
  // That which it had when it was dropped: one that is gone has none.
  size = data.size ?? file?.size ?? 0;
  held = { at: 0, bytes: new Uint8Array() };
  const reply = { id: data.id };
  try {
    if (data.call !== "start") say(data.text ?? "");
    reply.done = await calls[data.call](data) !== false;
    reply.blob = new Blob(parts, { type: data.type ?? "application/json" });
    reply.memory = socklab.memory.buffer.byteLength;
  } catch (error) {
    reply.error = fault || String(error);
  }
  parts = [];
  file = null;
  postMessage(reply);
};
