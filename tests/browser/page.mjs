// Uses the page (web/build.sh) in Chromium as students do: what it answers, what it loads and logs, what axe-core finds.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import axe from "axe-core";
import { chromium } from "playwright-core";
import { hostile, large } from "./captures.mjs";

const [socklab, browserPath, answers, onlyCheck, shots] = process.argv.slice(2);
const fixtures = resolve(fileURLToPath(import.meta.url), "../../../fixtures");
const plain = join(fixtures, "plain");
const directory = mkdtempSync(join(tmpdir(), "socklab-page-"));
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
const MOST_BYTES = 1_500_000;
const MOST_MEMORY = 64 * 1024 * 1024;
const MOST_MILLISECONDS = 300;
let checks = 0;

// One that fails does not hide what the others find.
async function check(name, act) {
  try {
    await act();
    checks += 1;
    console.log(`ok ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAILED ${name}\n${error.stack}`);
  }
}

// Opens the page and fails on any request but the one for itself and for its own memory, and on any message.
async function open(options, act, file = answers, hash = "") {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const page = await context.newPage();
  const url = pathToFileURL(file).href;
  const faults = [];
  const isOwn = (address) => address.startsWith("blob:") || address.split("#")[0] === url;
  context.on("request", (request) => { if (!isOwn(request.url())) faults.push(`request for ${request.url()}`); });
  page.on("console", (message) => faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error}`));
  page.on("dialog", (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("popup", (popup) => faults.push(`popup: ${popup.url()}`));
  await page.goto(url + hash);
  await page.locator("html[data-ready]").waitFor();
  await act(page, context);
  assert.deepEqual(faults, []);
  await context.close();
}

const status = (page, text) => page.locator("#web-status", { hasText: text }).waitFor();

// Chooses files and waits for the answers.
async function choose(page, files) {
  await page.setInputFiles("#web-input", files);
  await status(page, /^Read .* used\.$/);
}

// What a button saves, with its name.
async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(button).click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

const json = "[data-save=json]";

// What the command line says of files of these names, in a folder with nothing else.
function commandLine(files, journals = [], more = []) {
  const folder = mkdtempSync(join(directory, "run-"));
  for (const file of [...files, ...journals]) symlinkSync(file, join(folder, basename(file)));
  const names = files.map((file) => basename(file));
  const with_ = journals.length > 0 ? ["--journal", ...journals.map((file) => basename(file))] : [];
  const run = spawnSync(socklab, ["analyze", ...names, ...with_, ...more], { cwd: folder, maxBuffer: 1 << 30 });
  return { out: run.stdout, said: run.stderr.toString(), folder, status: run.status };
}

const captureNames = (folder) => readdirSync(join(fixtures, folder)).filter((name) => /\.(pcapng|pcap)/.test(name)).sort();
const folders = readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);

// Errors of the command line, and of the page, in the same words.
const flat = (text) => text.replace(/\s+/g, " ").trim();
const errorsOf = (text) => [...flat(text).matchAll(/socklab: (error|warning): (.*?)(?: socklab: hint: (.*?))?(?= socklab: |$)/g)]
  .map(([, kind, what, hint]) => [kind, what, hint ?? ""].join("|"));
const messages = (page) => page.locator("#web-messages li").evaluateAll((items) => items.map((item) => {
  const kind = item.querySelector(".mark").textContent;
  const what = item.querySelector("p").textContent.slice(kind.length).trim();
  return [kind, what, item.querySelector(".about")?.textContent ?? ""].map((text) => text.replace(/\s+/g, " ").trim()).join("|");
}));

async function same(page, files, journals = []) {
  await page.reload();
  await page.locator("html[data-ready]").waitFor();
  const { out, said, folder } = commandLine(files, journals, ["--format", "json"]);
  const given = [...files, ...journals].map((file) => join(folder, basename(file)));
  await choose(page, given);
  assert.deepEqual((await messages(page)).sort(), errorsOf(said).sort());
  if (out.length === 0) return assert.equal(await page.locator("#web-answers").isVisible(), false);
  const { bytes } = await saved(page, json);
  assert.ok(bytes.equals(out), `${files.map((file) => basename(file))}: JSON differs from the command line's`);
}

await check("the page is one file of at most 1.5 MB, and names no other", () => {
  for (const file of [answers, onlyCheck]) {
    const bytes = readFileSync(file);
    assert.ok(bytes.length <= MOST_BYTES, `${bytes.length} bytes`);
    assert.doesNotMatch(bytes.toString(), /<(link|img|iframe|object|embed)\b|<script[^>]*\ssrc=|@import|url\(/);
    console.log(`   ${basename(file)}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} with gzip`);
  }
});

await check("for every fixture alone, JSON and messages are the command line's", () => open({}, async (page) => {
  let number = 0;
  for (const folder of folders) {
    const within = folder === "class" ? "class/submissions" : folder;
    for (const name of captureNames(within)) {
      await same(page, [join(fixtures, within, name)]);
      number += 1;
    }
  }
  console.log(`   ${number} captures`);
}));

await check("for every fixture in its group, with journals too", () => open({}, async (page) => {
  let number = 0;
  for (const folder of folders.filter((name) => existsSync(join(fixtures, name, "expected.json")))) {
    const { stories } = JSON.parse(readFileSync(join(fixtures, folder, "expected.json")));
    const paths = (names) => (names ?? []).map((name) => join(fixtures, folder, name));
    for (const { files, journals } of stories.flatMap((story) => story.analyses ?? [])) {
      await same(page, paths(files));
      if (journals?.length) await same(page, paths(files), paths(journals));
      number += 1;
    }
    await same(page, paths(captureNames(folder)));
  }
  console.log(`   ${number} groups, and each folder as a whole`);
}));

const six = captureNames("plain").map((name) => join(plain, name));

await check("report, Markdown and every CSV table are the command line's, and what is shown is the report", () => open({}, async (page) => {
  await choose(page, six);
  for (const [button, more] of [["html", ["--format", "html"]], ["markdown", ["--format", "markdown"]]]) {
    const { bytes } = await saved(page, `[data-save=${button}]`);
    assert.ok(bytes.equals(commandLine(six, [], more).out), button);
  }
  for (const table of await page.locator("#web-table option").evaluateAll((all) => all.map((option) => option.value))) {
    await page.selectOption("#web-table", table);
    const { name, bytes } = await saved(page, "[data-save=csv]");
    assert.equal(name, `${table}.csv`);
    assert.ok(bytes.equals(commandLine(six, [], ["--format", "csv", "--table", table]).out), table);
  }
  const html = commandLine(six, [], ["--format", "html"]).out.toString();
  const [shown, written] = await page.evaluate((html) => {
    const main = new DOMParser().parseFromString(html, "text/html").querySelector("main");
    for (const button of main.querySelectorAll("button.copy")) button.hidden = false;
    return [document.getElementById("web-report").innerHTML, main.innerHTML];
  }, html);
  assert.equal(shown, written);
}));

await check("annotated captures are the command line's, also out of an archive", () => open({}, async (page) => {
  const capture = join(plain, "step8.pcapng");
  const { folder } = commandLine([capture], [], ["--annotate", "out.pcapng"]);
  await choose(page, [capture]);
  const { name, bytes } = await saved(page, "[data-save=annotated]");
  assert.equal(name, "step8-annotated.pcapng");
  assert.ok(bytes.equals(readFileSync(join(folder, "out.pcapng"))));
  await page.reload();
  await page.locator("html[data-ready]").waitFor();
  const archive = join(directory, "one.zip");
  execFileSync("python3", ["-m", "zipfile", "-c", archive, capture]);
  await choose(page, [archive]);
  const again = await saved(page, "[data-save=annotated]");
  assert.equal(again.name, name);
  // The same frames; the comments name the same file by another name only where they name it.
  assert.equal(again.bytes.length, bytes.length);
}));

await check("steps, hosts and server are corrected as --step, --host and --server do", () => open({}, async (page) => {
  await choose(page, six);
  await page.locator("#web-correct summary").click();
  await page.locator("#web-steps select[name='step8.pcapng']").selectOption("I.10");
  await page.fill("#web-host-B", "10.0.3.3");
  await page.fill("#web-host-C", "10.0.3.2");
  await page.fill("#web-server", "10.0.3.1:65432");
  await page.locator("#web-corrections [type=submit]").click();
  await status(page, "Analyzed again.");
  const options = ["--step", "step8.pcapng=I.10", "--host", "B=10.0.3.3", "--host", "C=10.0.3.2", "--server", "10.0.3.1:65432"];
  assert.ok((await saved(page, json)).bytes.equals(commandLine(six, [], [...options, "--format", "json"]).out));
  await page.fill("#web-server", "raspberrypi");
  await page.locator("#web-corrections [type=submit]").click();
  await page.locator("#web-messages li", { hasText: "expected an IP address, or an IP address and a port" }).waitFor();
  await page.locator("#web-corrections [type=reset]").click();
  await page.waitForFunction(() => document.querySelectorAll("#web-messages li").length === 0);
  assert.ok((await saved(page, json)).bytes.equals(commandLine(six, [], ["--format", "json"]).out));
}));

await check("a lab file is used as --lab does; one with a slip is refused in the same words", () => open({}, async (page) => {
  const lab = join(directory, "lab.toml");
  writeFileSync(lab, '[hosts]\nA = "10.0.3.1"\nB = "10.0.3.3"\nC = "10.0.3.2"\n[points]\n"I.1b" = 4\n');
  await choose(page, [...six, lab]);
  const told = commandLine(six, [], ["--lab", lab, "--format", "json"]).out;
  assert.ok((await saved(page, json)).bytes.equals(told));
  const slip = join(directory, "slip.toml");
  writeFileSync(slip, '[hosts]\nD = "10.0.3.1"\n');
  await choose(page, [slip]);
  assert.deepEqual((await messages(page)).map(flat), errorsOf(commandLine(six, [], ["--lab", slip]).said.replaceAll(slip, "slip.toml")));
}));

await check("a lab of one's own is followed: the answers of the command line, and a form that asks what its file asks", () => open({}, async (page) => {
  const of = (name) => join(fixtures, "sheets", "chat", name);
  const [lab, captures] = [of("lab.toml"), captureNames("sheets/chat").map(of)];
  await choose(page, [...captures, lab]);
  const told = commandLine(captures, [], ["--lab", lab, "--format", "json"]).out;
  assert.ok((await saved(page, json)).bytes.equals(told));
  const count = (pattern) => readFileSync(lab, "utf8").match(pattern).length;
  assert.equal(await page.locator("#web-form legend").count(), count(/^\[\[question\]\]/gm));
  assert.equal(await page.locator("#web-form textarea").count(), count(/^explain/gm));
  assert.match((await page.locator("#web-form legend").allInnerTexts()).join(), /Nobody there \(1 point\)/);
}));

await check("hosts are corrected by the names of the lab file; what was typed for another lab's is told once", () => open({}, async (page) => {
  const of = (name) => join(fixtures, "sheets", "chat", name);
  const [lab, captures] = [of("lab.toml"), captureNames("sheets/chat").map(of)];
  await choose(page, captures);
  await page.locator("#web-correct summary").click();
  await page.fill("#web-host-A", "10.0.3.9");
  await choose(page, [lab]);
  assert.match((await messages(page)).join(), /note\|A: what was set for it before is not used/);
  assert.deepEqual(await page.locator("#web-hosts label").allInnerTexts(), ["Host left", "Host right", "Servers' address, with a port if you like"]);
  await page.fill("#web-host-left", "10.0.3.2");
  await page.fill("#web-host-right", "10.0.3.1");
  await page.locator("#web-corrections [type=submit]").click();
  await status(page, "Analyzed again.");
  assert.deepEqual(await messages(page), []);
  const options = ["--lab", lab, "--host", "left=10.0.3.2", "--host", "right=10.0.3.1"];
  assert.ok((await saved(page, json)).bytes.equals(commandLine(captures, [], [...options, "--format", "json"]).out));
}));

await check("files of another kind, damaged and empty ones: the same words, and the others are answered all the same", () => open({}, async (page) => {
  const of = (name, bytes) => { writeFileSync(join(directory, name), bytes); return join(directory, name); };
  const capture = readFileSync(join(plain, "step8.pcapng"));
  const wrong = [
    of("notes.txt", "three frames\n"), of("picture.png", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex")),
    of("cut.pcapng", capture.subarray(0, 1500)), of("header.pcapng", capture.subarray(0, 20)),
    of("damaged.pcapng", Buffer.concat([capture.subarray(0, 1400), Buffer.alloc(64, 0xff), capture.subarray(1464)])),
    of("empty.pcapng", ""), of("noise.bin", Buffer.from(Array.from({ length: 999 }, (_, n) => (n * 7919) % 256))),
    of("report.docx.pcapng", "PK\u0003\u0004 not an archive"), of("list.csv", '"No.","Time","Source"\n'),
  ];
  for (const file of wrong.filter((file) => !file.endsWith("docx.pcapng"))) await same(page, [file]);
  const usable = wrong.filter((file) => !file.endsWith("docx.pcapng"));
  await same(page, [...usable, join(plain, "step8.pcapng")]);
  await choose(page, [join(directory, "report.docx.pcapng")]);
  assert.match((await messages(page)).join(), /report\.docx\.pcapng: .*ZIP archive/);
}));

await check("a folder and a ZIP archive are opened; what the lab does not need is named, not complained of", async () => {
  const folder = join(directory, "hand-in");
  mkdirSync(folder);
  for (const file of six) copyFileSync(file, join(folder, basename(file)));
  cpSync(join(plain, "journals"), join(folder, "journals"), { recursive: true });
  writeFileSync(join(folder, "tcp_client.py"), "print()\n");
  writeFileSync(join(folder, ".DS_Store"), "x");
  const journals = readdirSync(join(plain, "journals")).sort();
  const names = (prefix) => ["analyze", ...six.map((file) => `${prefix}/${basename(file)}`), "--journal", ...journals.map((name) => `${prefix}/journals/${name}`), "--format", "json"];
  const told = (prefix) => execFileSync(socklab, names(prefix), { cwd: directory, stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 28 });
  const archive = join(directory, "hand-in.zip");
  execFileSync("python3", ["-c", "import sys,zipfile,pathlib\nz=zipfile.ZipFile(sys.argv[1],'w',zipfile.ZIP_DEFLATED)\nfor p in sorted(pathlib.Path(sys.argv[2]).rglob('*')):\n    if p.is_file(): z.write(p,p.relative_to(sys.argv[2]))", archive, folder]);
  await open({}, async (page) => {
    await page.setInputFiles("#web-input-folder", folder);
    await status(page, /used\.$/);
    assert.deepEqual(await messages(page), ["note|Not used: hand-in/tcp_client.py|It is no capture."]);
    const bytes = JSON.parse((await saved(page, json)).bytes);
    const expected = JSON.parse(told("hand-in"));
    const order = (document) => document.captures.map(({ file }) => file).sort();
    assert.deepEqual(order(bytes), order(expected));
    assert.deepEqual(bytes.answers.map(({ status }) => status), expected.answers.map(({ status }) => status));
  });
  await open({}, async (page) => {
    await choose(page, [archive]);
    // In the archive under its name, as files in a folder of that name.
    rmSync(archive);
    cpSync(folder, archive, { recursive: true });
    assert.ok((await saved(page, json)).bytes.equals(told("hand-in.zip")));
  });
});

await check("a file that is dropped again takes the place of the earlier one; one that is removed is gone", () => open({}, async (page) => {
  await choose(page, six);
  await choose(page, [six[0]]);
  assert.equal(await page.locator("#web-list li").count(), six.length);
  await page.locator("#web-list button").first().click();
  await status(page, "was removed.");
  assert.equal(await page.locator("#web-list li").count(), six.length - 1);
}));

await check("what comes in an archive is listed, and goes with it", () => open({}, async (page) => {
  const archive = join(directory, "journals.zip");
  const journals = readdirSync(join(plain, "journals")).map((name) => join(plain, "journals", name));
  execFileSync("python3", ["-m", "zipfile", "-c", archive, ...journals]);
  await choose(page, [...six, archive]);
  assert.match((await page.locator("#web-list li").allInnerTexts()).at(-1), /journals\.zip archive with \d+ journals/);
  await page.locator("#web-list button").last().click();
  await status(page, "journals.zip was removed.");
  assert.ok((await saved(page, json)).bytes.equals(commandLine(six, [], ["--format", "json"]).out));
}));

await check("a capture that is gone is not saved as an empty file", () => open({}, async (page, context) => {
  const file = join(directory, "stick.pcapng");
  copyFileSync(six[0], file);
  // As a person chooses it: Playwright would hand over a copy.
  const devtools = await context.newCDPSession(page);
  const { root } = await devtools.send("DOM.getDocument");
  const { nodeId } = await devtools.send("DOM.querySelector", { nodeId: root.nodeId, selector: "#web-input" });
  await devtools.send("DOM.setFileInputFiles", { files: [file], nodeId });
  await status(page, /^Read .* used\.$/);
  rmSync(file);
  await page.locator("[data-save=annotated]").click();
  await status(page, "stick-annotated.pcapng was not saved.");
  assert.match((await messages(page)).join(), /error\|stick\.pcapng: it can't be read any more/);
  assert.ok((await saved(page, json)).bytes.length > 1000);
}));

await check("files are dropped by mouse, anywhere on the page", () => open({}, async (page) => {
  const files = six.map((file) => [basename(file), readFileSync(file).toString("base64")]);
  const transfer = await page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const [name, text] of files) transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, files);
  await page.dispatchEvent("footer", "dragenter", { dataTransfer: transfer });
  assert.equal(await page.locator("#web-over").isVisible(), true);
  await page.dispatchEvent("footer", "drop", { dataTransfer: transfer });
  await status(page, /6 captures used\.$/);
  assert.equal(await page.locator("#web-over").isVisible(), false);
  assert.ok((await saved(page, json)).bytes.equals(commandLine(six, [], ["--format", "json"]).out));
  const link = page.locator("#answers a.f").first();
  await link.hover();
  await page.locator("#peek .rung.hit").waitFor();
}));

await check("by keyboard alone: choose, correct, save", () => open({}, async (page) => {
  const to = async (selector) => {
    for (let n = 0; n < 60; n += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((selector) => document.activeElement.matches(selector), selector)) return;
    }
    assert.fail(`${selector} is not reached`);
  };
  await to("#web-choose");
  // On a busy machine Chromium takes no key for a while after a page was loaded: whoever sees nothing presses again.
  let chooser = null;
  for (let n = 0; n < 3 && !chooser; n += 1) {
    const opened = page.waitForEvent("filechooser", { timeout: 10000 }).catch(() => null);
    [chooser] = await Promise.all([opened, page.keyboard.press("Enter")]);
  }
  assert.ok(chooser, "Enter opens the file chooser");
  await chooser.setFiles(six);
  await status(page, /used\.$/);
  await to("#web-correct summary");
  await page.keyboard.press("Enter");
  await to("#web-host-B");
  await page.keyboard.type("10.0.3.3");
  await page.keyboard.press("Enter");
  await status(page, "Analyzed again.");
  await to("[data-save=html]");
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  assert.equal(download.suggestedFilename(), "report.html");
}));

await check("memory does not grow with the file, and reading can be cancelled", () => open({}, async (page) => {
  const memory = async () => Number(await page.evaluate(() => document.documentElement.dataset.memory));
  const sizes = [];
  for (const megabytes of [100, 200]) {
    const file = join(directory, `large-${megabytes}.pcap`);
    await large(file, megabytes * 1_000_000);
    await page.reload();
    await page.locator("html[data-ready]").waitFor();
    const start = performance.now();
    await choose(page, [file]);
    sizes.push(await memory());
    console.log(`   ${megabytes} MB: ${(sizes.at(-1) / 1048576).toFixed(1)} MiB of WebAssembly memory, ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
  assert.ok(sizes[1] <= MOST_MEMORY && sizes[1] <= sizes[0] * 1.1, sizes.join());
  await page.reload();
  await page.locator("html[data-ready]").waitFor();
  await choose(page, [six[0]]);
  await page.setInputFiles("#web-input", [join(directory, "large-200.pcap")]);
  await page.locator("#web-cancel").click();
  await status(page, "Cancelled.");
  assert.equal(await page.locator("#web-list li").count(), 1);
  assert.ok((await saved(page, json)).bytes.equals(commandLine([six[0]], [], ["--format", "json"]).out));
}));

await check(`the six files of the plain run are answered within ${MOST_MILLISECONDS} ms, the median of ten`, () => open({}, async (page) => {
  const times = [];
  for (let n = 0; n < 10; n += 1) {
    await page.reload();
    await page.locator("html[data-ready]").waitFor();
    await choose(page, six);
    times.push(await page.evaluate(() => performance.getEntriesByName("web-answered")[0].duration));
  }
  times.sort((a, b) => a - b);
  const median = (times[4] + times[5]) / 2;
  console.log(`   ${median.toFixed(0)} ms (${times[0].toFixed(0)} to ${times[9].toFixed(0)})`);
  assert.ok(median <= MOST_MILLISECONDS, `${median} ms`);
}));

await check("hostile text stays text", () => open({}, async (page) => {
  const text = `"><script>alert(1)</script><img src=x onerror=alert(1)>`;
  const name = `a"><img src=x onerror=alert(1)>.pcapng`;
  hostile(join(directory, name), text);
  writeFileSync(join(directory, `<img src=x onerror=alert(1)>.txt`), "words\n");
  await choose(page, [join(directory, name), join(directory, `<img src=x onerror=alert(1)>.txt`)]);
  assert.equal(await page.locator("img, iframe, object, embed, link, base").count(), 0);
  assert.ok((await page.locator("#web-report").innerText()).includes(text.slice(0, 30)));
}));

await check("the form says what is wrong and what is missing, not what is right; it is saved, and filled in again", () => open({}, async (page) => {
  await choose(page, [join(plain, "step8.pcapng")]);
  await page.locator("#web-to-check").click();
  // The browser tells of the new fragment after the click, so that the answers may stand for a moment yet.
  await page.locator("#web-answers").waitFor({ state: "hidden" });
  await page.fill("[id='web-I.1b-client_socket_addresses']", "10.0.3.2");
  await page.locator("[id='web-I.1b-client_socket_addresses-wrong']", { hasText: "without a port" }).waitFor();
  assert.equal(await page.locator("[id='web-I.1b-client_socket_addresses']").getAttribute("aria-invalid"), "true");
  await page.locator("[id='web-II.2-told']", { hasText: "the capture of Part II step 2" }).waitFor();
  // A wrong answer that is well formed is no matter of this page.
  await page.fill("[id='web-I.1b-client_socket_addresses']", "10.9.9.9:1");
  await page.waitForFunction(() => document.getElementById("web-I.1b-client_socket_addresses-wrong").textContent === "");
  await page.selectOption("[id='web-I.2-second_server_started']", "no");
  await page.fill("[id='web-I.2-explanation']", 'Two lines,\nand "quotes" \\ in them.');
  await page.fill("[id='web-II.3-clients-0-host']", "10.0.3.2");
  await page.fill("[id='web-II.3-clients-0-sockets_created']", "2");
  const { name, bytes } = await saved(page, "#web-save-form");
  assert.equal(name, "answers.toml");
  const form = join(directory, name);
  writeFileSync(form, bytes);
  const run = spawnSync(socklab, ["check", join(plain, "step8.pcapng"), "--answers", form]);
  const said = flat(run.stdout.toString());
  assert.equal(run.status, 1);
  assert.match(said, /I\.1\(b\): not filled in: server_socket_addresses and explanation/);
  assert.equal(await page.locator("[id='web-I.1b-told'] li").first().innerText(), "Not filled in: server_socket_addresses and explanation");
  for (const line of await page.locator("#web-check-captures li").allInnerTexts()) {
    assert.ok(said.includes(flat(line.replace(/^(error|warning|note|missing)\s+/, ""))), line);
  }
  await page.reload();
  await page.locator("html[data-ready]").waitFor();
  await choose(page, [form]);
  assert.equal(await page.inputValue("[id='web-I.2-explanation']"), 'Two lines,\nand "quotes" \\ in them.');
  assert.equal(await page.inputValue("[id='web-I.2-second_server_started']"), "no");
  assert.equal(await page.inputValue("[id='web-II.3-clients-0-sockets_created']"), "2");
  assert.deepEqual((await saved(page, "#web-save-form")).bytes, bytes);
}));

await check("a form takes the place of all entries, and of none that was typed since; a corrected one is read again", () => open({}, async (page) => {
  const entry = (key) => page.inputValue(`[id='web-I.${key}']`);
  const frames = "1a-handshake_frames";
  const of = (name, text) => { writeFileSync(join(directory, name), text); return join(directory, name); };
  const chosen = (files) => page.setInputFiles("#web-input", files).then(() => status(page, /^Read /));
  const anna = of("anna.toml", '["I.1a"]\nhandshake_frames = "1-3"\n["I.2"]\nerrno = "EACCES"\nsecond_server_started = "yes"\n');
  await page.locator("#web-to-check").click();
  await chosen([anna]);
  assert.equal(await entry(frames), "1-3");
  await chosen([of("empty.toml", '["I.1a"]\nhandshake_frames = ""\n')]);
  assert.deepEqual([await entry(frames), await entry("2-errno"), await entry("2-second_server_started")], ["", "", ""]);
  await chosen([anna]);
  await chosen([of("anna.toml", '["I.1a"]\nhandshake_frames = "4-6"\n')]);
  assert.deepEqual([await entry(frames), await entry("2-errno")], ["4-6", ""]);
  // Saved and dropped again, as in a folder with the captures; then more is typed, and the folder is dropped again.
  await page.fill(`[id='web-I.${frames}']`, "7-9");
  const folder = join(directory, "mine");
  mkdirSync(folder);
  writeFileSync(join(folder, "answers.toml"), (await saved(page, "#web-save-form")).bytes);
  const again = () => page.setInputFiles("#web-input-folder", folder).then(() => status(page, /^Read /));
  await again();
  assert.deepEqual(await messages(page), ["note|mine/answers.toml: it takes the place of anna.toml|"]);
  await page.fill(`[id='web-I.${frames}']`, "16-18");
  await again();
  assert.equal(await entry(frames), "16-18");
  assert.match((await messages(page)).join(), /mine\/answers\.toml: it was not filled in, because entries on this page were changed/);
  await saved(page, "#web-save-form");
  await again();
  assert.equal(await entry(frames), "7-9");
  await page.locator("#web-list button").click();
  await status(page, "was removed.");
  assert.equal(await entry(frames), "");
}));

await check("what is wrong with a form's entry is said once it is corrected no more", () => open({}, async (page) => {
  const form = join(directory, "slip.toml");
  writeFileSync(form, '["II.2"]\nsockets_created = "many"\n');
  await choose(page, [form]);
  assert.match((await messages(page)).join(), /'many' is no count/);
  await page.locator("#web-to-check").click();
  await page.fill("[id='web-II.2-sockets_created']", "5");
  await page.waitForFunction(() => !/no count/.test(document.body.innerText));
}));

await check("a form is read for the lab file that comes with it, in any order; screenshots are named where it asks for some", () => open({}, async (page) => {
  await page.setInputFiles("#web-input-folder", join(fixtures, "sheets", "chat"));
  await status(page, /used\.$/);
  await page.locator("#web-to-check").click();
  assert.doesNotMatch((await messages(page)).join(), /answers\.toml/);
  assert.ok((await page.locator("#web-form :is(input, textarea)").evaluateAll((all) => all.filter((one) => one.value).length)) > 3);
  assert.equal(await page.locator("#web-screenshots-wanted").innerText(), "The sheet asks for none.");
  assert.doesNotMatch(await page.locator("#web-verdict").innerText(), /screenshots/);
}));

await check("the lecturer's page has the form alone, with the lab file that was built in", () => open({}, async (page) => {
  await choose(page, six);
  assert.equal(await page.locator("#web-report, [data-save]").count(), 0);
  assert.match(await page.locator("#web-form legend").nth(1).innerText(), /I\.1\(b\).*\(4 points\)/);
  assert.doesNotMatch(await page.locator("body").innerText(), /EADDRINUSE means|proved/);
  assert.equal(await page.locator("#web-check-captures li.error").count(), 0);
}, onlyCheck));

const views = [];
for (const colorScheme of ["light", "dark"]) {
  for (const [width, height] of [[1280, 900], [390, 844]]) views.push({ colorScheme, viewport: { width, height } });
}
await check("a long name in one piece makes nothing wider than the window, and Remove stands at the right", async () => {
  const file = join(directory, `wireshark_eth0_${"20261129".repeat(9)}_AbCdEf.pcapng`);
  copyFileSync(six[0], file);
  for (const width of [390, 640]) {
    await open({ viewport: { width, height: 844 } }, async (page) => {
      await choose(page, [six[1], file]);
      await page.locator("#web-correct summary").click();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      const boxes = await page.locator("#web-list button").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().right));
      assert.ok(Math.abs(boxes[0] - boxes[1]) < 1, boxes.join());
    });
  }
});

for (const view of views) {
  const named = `${view.colorScheme} ${view.viewport.width}`;
  const looked = async (page, name) => {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= view.viewport.width, `${name}: ${wide} px wide`);
    if (shots) await page.screenshot({ path: join(shots, `page-${name}-${named.replace(" ", "-")}.png`) });
    const fold = (open) => page.evaluate((open) => document.querySelectorAll("details").forEach((fold) => { fold.open = open; }), open);
    await fold(true);
    await page.evaluate(axe.source);
    const { violations, incomplete } = await page.evaluate(() => globalThis.axe.run(document));
    const told = (found) => found.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(" | ")}`);
    assert.deepEqual(told(violations), [], name);
    assert.deepEqual(told(incomplete.filter(({ id }) => id !== "color-contrast")), [], name);
    await fold(false);
  };
  const top = (page, selector) => page.locator(selector).evaluate((part) => scrollTo(0, part.getBoundingClientRect().top + scrollY - 16));
  await check(`empty, with answers, with errors and as a form, ${named} px: axe-core finds nothing, nothing is cut off`, () => open(view, async (page) => {
    await looked(page, "empty");
    await choose(page, [...six, join(directory, "notes.txt")]);
    await page.locator("#web-messages li").waitFor();
    await top(page, "#web-status");
    await looked(page, "files");
    await top(page, "#web-save-h");
    await looked(page, "answers");
    await page.locator("#web-to-check").click();
    await page.fill("[id='web-I.1b-client_socket_addresses']", "10.0.3.2");
    await page.locator("[id='web-I.1b-client_socket_addresses-wrong']", { hasText: "without a port" }).waitFor();
    await top(page, "#web-form fieldset:nth-of-type(2)");
    await looked(page, "check");
  }));
}

await check("on paper there is the report, or the form, and nothing to press", () => open({}, async (page) => {
  await choose(page, six);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("button:visible, #web-drop:visible").count(), 0);
  assert.equal(await page.locator("#short").isVisible(), true);
  assert.ok((await page.pdf()).length > 10_000);
}));

await check("on paper an explanation stands whole", () => open({}, async (page) => {
  const text = Array.from({ length: 20 }, (_, number) => `line ${number + 1} of my explanation`).join("\n");
  await page.fill("[id='web-I.2-explanation']", text);
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const printed = page.locator(".web-printed", { hasText: "line 20" });
  assert.equal(await printed.innerText(), text);
  assert.equal(await page.locator("[id='web-I.2-explanation']").isVisible(), false);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.equal(await page.locator(".web-printed").count(), 0);
}, answers, "#check"));

await browser.close();
rmSync(directory, { recursive: true });
console.log(`${checks} checks passed (axe-core ${axe.version})`);
