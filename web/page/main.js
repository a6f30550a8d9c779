"use strict";
(() => {
  const MOST_FILES = 2000;
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement;
  const onlyCheck = $("web-answers") === null;
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

  // ---- The worker, in which socklab runs ----

  let worker = null;
  let programs = null;
  let last = 0;
  let builtIn = [];
  // Which reading of a form was looked at last.
  let reading = 0;
  const waiting = new Map();

  // As web/pack writes it: eleven digits of base 94, printable ASCII without <, are nine bytes.
  const bytesOf = (id) => {
    const text = $(id).textContent;
    const all = new Uint8Array(text.length / 11 * 9);
    for (let group = 0; group < text.length / 11; group += 1) {
      let high = 0, middle = 0, low = 0;
      for (let place = 11 * group; place < 11 * group + 11; place += 1) {
        const code = text.charCodeAt(place);
        low = 94 * low + code - (code < 60 ? 32 : 33);
        middle = 94 * middle + (low >>> 24);
        high = 94 * high + (middle >>> 24);
        low &= 0xffffff;
        middle &= 0xffffff;
      }
      all.set([high, middle, low].flatMap((part) => [part >> 16, part >> 8 & 255, part & 255]), 9 * group);
    }
    return all.subarray(0, Number($(id).dataset.bytes));
  };

  // What unpacks socklab is what the browser can unpack.
  const unzipped = async () => {
    const stream = new Blob([bytesOf("web-unpack")]).stream().pipeThrough(new DecompressionStream("gzip"));
    return { unpack: await new Response(stream).arrayBuffer(), packed: bytesOf("web-wasm") };
  };

  const ask = (call, more = {}) => new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, { resolve, reject });
    worker.postMessage({ id: last, call, ...more });
  });

  const askJson = async (call, more) => JSON.parse(await (await ask(call, more)).blob.text());

  const start = async () => {
    programs ??= unzipped();
    const url = URL.createObjectURL(new Blob([$("web-worker").textContent], { type: "text/javascript" }));
    worker = new Worker(url);
    worker.onmessage = ({ data }) => {
      if (data.progress) return tellProgress(data.progress);
      const { resolve, reject } = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.memory) root.dataset.memory = data.memory;
      if (data.error) reject(new Error(data.error));
      else resolve(data);
    };
    // The first thing to be said, if any, is of the lab file that is built in.
    builtIn = await askJson("start", { ...await programs, lab: $("web-lab").textContent });
    reading = 0;
    URL.revokeObjectURL(url);
  };

  const stop = () => {
    worker?.terminate();
    for (const { reject } of waiting.values()) reject(new DOMException("stopped", "AbortError"));
    waiting.clear();
  };

  // One thing after the other.
  let line = start();
  const then = (act) => {
    line = line.then(act).catch(failed);
    return line;
  };

  const failed = async (error) => {
    busy(null);
    if (error.name === "AbortError") return;
    const old = typeof DecompressionStream === "undefined";
    const hint = old ? "This browser is too old. Firefox 113, Chrome 80 or Safari 16.4 and later ones work."
      : "This is a fault of socklab. Please tell whoever gave you this page.";
    show([{ kind: "error", subject: "socklab", text: error.message, hint }]);
    if (old) return;
    stop();
    sources.clear();
    await start();
  };

  // ---- What there is ----

  // The files that socklab has been given, by name: they are read again for annotated captures, and after a cancel.
  const sources = new Map();
  let notices = [];
  let state = null;
  let formIsChanged = false;

  const said = (text) => { $("web-status").textContent = text; };

  const busy = (text) => {
    $("web-busy").hidden = text === null;
    $("web-busy-text").textContent = text ?? "";
    $("web-progress").value = 0;
  };

  const bytes = (number) => {
    const units = ["bytes", "kB", "MB", "GB"];
    const power = Math.min(3, Math.floor(Math.log10(Math.max(number, 1)) / 3));
    return `${(number / 1000 ** power).toFixed(power > 1 ? 1 : 0)} ${units[power]}`;
  };

  let doing = "";
  const tellProgress = ({ at, size }) => {
    $("web-progress").value = size ? at / size : 0;
    $("web-busy-text").textContent = `${doing}: ${bytes(at)} of ${bytes(size)}`;
  };
  const begin = (text) => {
    doing = text;
    busy(text);
  };

  // Takes files one by one, and shows the result. `batch` is what a cancel takes back.
  const read = async (batch) => {
    const began = performance.now();
    for (const { name, file, size = file.size } of batch) {
      begin(`Reading ${name}`);
      sources.set(name, { file, size });
      notices.push(...await askJson("add", { text: name, file, size }));
    }
    notices.push(...await askJson("settle"));
    await analyze();
    busy(null);
    performance.measure("web-answered", { start: began });
    const total = batch.reduce((sum, { name }) => sum + sources.get(name).size, 0);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const what = counted(state.captures.length, "capture");
    said(batch.length === 0 ? "" : `Read ${counted(batch.length, "file")} (${bytes(total)}) in ${seconds} s. ${what} used.`);
  };

  let current = null;
  const take = (batch) => {
    if (batch.length === 0) return said("There is no file in it.");
    return then(async () => {
      said("");
      const before = new Map(sources);
      notices = [];
      await check();
      if (batch.length > MOST_FILES) {
        notices.push({ kind: "error", subject: "Too many files", text: `only the first ${MOST_FILES} were read`, hint: "" });
      }
      current = { before };
      try {
        await read(batch.slice(0, MOST_FILES));
      } finally {
        current = null;
      }
    });
  };

  // Reading can't be interrupted, but the worker can be ended: a new one gets what was there before.
  $("web-cancel").addEventListener("click", () => {
    if (!current) return;
    const { before } = current;
    stop();
    then(async () => {
      await start();
      sources.clear();
      notices = [];
      // What is filled in stays.
      reading = null;
      await read([...before].map(([name, { file, size }]) => ({ name, file, size })));
      reading ??= 0;
      said("Cancelled.");
      $("web-choose").focus();
    });
  });

  const hostEntries = () => [...document.querySelectorAll("#web-hosts input[name]")];

  const corrections = () => {
    const hosts = Object.fromEntries(hostEntries().map(({ name, value }) => [name, value]));
    const chosen = [...document.querySelectorAll("#web-steps select")];
    const steps = Object.fromEntries(chosen.map((select) => [select.name, select.value]));
    return JSON.stringify({ hosts, steps, server: $("web-server").value });
  };

  const analyze = async () => {
    state = await askJson("analyze", { text: corrections() });
    await followLab();
    await fillForm();
    show();
    showFiles();
    showCorrections();
    if (!onlyCheck) await showReport();
    await check();
  };

  // ---- Messages and files ----

  const show = (messages = [...builtIn, ...notices, ...(state?.messages ?? [])]) => {
    const unused = messages.filter(({ kind }) => kind === "unused");
    const told = messages.filter(({ kind }) => kind !== "unused");
    if (unused.length > 0) {
      const names = unused.slice(0, 5).map(({ subject }) => subject).join(", ");
      const more = unused.length > 5 ? ` and ${unused.length - 5} more` : "";
      told.push({ kind: "note", subject: "Not used", text: `${names}${more}`, hint: unused.length > 1 ? "They are no captures." : "It is no capture." });
    }
    $("web-messages").replaceChildren(...told.map(({ kind, subject, text, hint }) => {
      const item = make("li", { className: `finding ${kind}` });
      item.append(make("p", {}, make("strong", { className: "mark", textContent: kind }), ` ${subject}: ${text}`));
      if (hint) item.append(make("p", { className: "about", textContent: hint }));
      return item;
    }));
  };

  const remove = async (source) => {
    await check();
    const isForm = state.form?.source === source;
    const isKept = isForm && isTyped();
    sources.delete(source);
    await ask("remove", { text: source });
    notices = await askJson("settle");
    if (isForm && !isKept) await empty();
    await analyze();
    const rest = isKept ? " What is filled in stays, since you changed it." : "";
    said(`${source} was removed.${rest}`);
    $("web-choose").focus();
  };

  const showFiles = () => {
    $("web-list").replaceChildren(...state.files.map(({ name, what }) => {
      const button = make("button", { type: "button", textContent: "Remove" });
      button.setAttribute("aria-label", `Remove ${name}`);
      button.addEventListener("click", () => then(() => remove(name)));
      const about = make("span", { className: "about" }, make("span", { className: "name", textContent: name }), " ", make("span", { className: "what", textContent: what }));
      return make("li", {}, about, button);
    }));
  };

  // The hosts are the lab file's. What was typed for one that another lab has too stays.
  const showHosts = () => {
    const entries = new Map(hostEntries().map((entry) => [entry.name, entry]));
    if ([...entries.keys()].join() !== state.hosts.map(([name]) => name).join()) {
      for (const entry of entries.values()) entry.parentElement.remove();
      $("web-hosts").prepend(...state.hosts.map(([name]) => {
        const entry = make("input", { id: `web-host-${name}`, name, autocomplete: "off", spellcheck: false, value: entries.get(name)?.value ?? "" });
        return make("p", {}, make("label", { htmlFor: entry.id, textContent: `Host ${name}` }), entry);
      }));
    }
    for (const [name, address] of state.hosts) $(`web-host-${name}`).placeholder = address ?? "not found";
  };

  const showCorrections = () => {
    $("web-correct").hidden = state.captures.length === 0;
    showHosts();
    $("web-server").placeholder = state.servers[0] ?? "not found";
    const set = new Map([...document.querySelectorAll("#web-steps select")].map((select) => [select.name, select.value]));
    $("web-steps").replaceChildren(...state.captures.map(({ name, steps }, number) => {
      const select = make("select", { id: `web-step-${number}`, name });
      select.append(make("option", { value: "", textContent: `Work it out${steps ? `: ${steps}` : ""}` }));
      for (const [value, textContent] of state.steps) select.append(make("option", { value, textContent }));
      // A step of another lab is none of this one.
      select.value = state.steps.some(([value]) => value === set.get(name)) ? set.get(name) : "";
      return make("p", {}, make("label", { htmlFor: select.id, textContent: `Step of ${name}` }), select);
    }));
  };

  const again = () => then(async () => {
    await analyze();
    said("Analyzed again.");
  });
  $("web-corrections").addEventListener("submit", (event) => {
    event.preventDefault();
    again();
  });
  $("web-corrections").addEventListener("reset", () => setTimeout(again));

  // ---- The report ----

  // The same page as `socklab analyze -o report.html` writes: its sections are moved into this one.
  const showReport = async () => {
    const any = state.captures.length > 0;
    $("web-answers").hidden = !any;
    if (!any) return $("web-report").replaceChildren();
    const html = await (await ask("save", { text: "html" })).blob.text();
    const report = new DOMParser().parseFromString(html, "text/html");
    for (const button of report.querySelectorAll("button.copy")) button.hidden = false;
    $("web-sections").replaceChildren(...report.querySelector("header nav").childNodes);
    $("web-report").replaceChildren(...report.querySelector("main").childNodes);
    const options = (select, entries) => {
      const chosen = select.value;
      select.replaceChildren(...entries.map(([value, textContent]) => make("option", { value, textContent })));
      if (entries.some(([value]) => value === chosen)) select.value = chosen;
    };
    options($("web-table"), state.tables.map((name) => [name, name]));
    options($("web-capture"), state.captures.map(({ name }) => [name, name]));
    if (!$("web-table").dataset.chosen) {
      $("web-table").value = "answers";
      $("web-table").dataset.chosen = "yes";
    }
  };

  const download = (blob, name) => {
    const url = URL.createObjectURL(blob);
    make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    said(`${name} was saved.`);
  };

  const kinds = {
    html: () => ({ text: "html", type: "text/html", name: "report.html" }),
    markdown: () => ({ text: "markdown", type: "text/markdown", name: "report.md" }),
    json: () => ({ text: "json", type: "application/json", name: "report.json" }),
    csv: () => ({ text: `csv:${$("web-table").value}`, type: "text/csv", name: `${$("web-table").value}.csv` }),
    annotated: () => {
      const { name, annotated, source } = state.captures.find((capture) => capture.name === $("web-capture").value);
      return { text: `annotated:${name}`, type: "application/octet-stream", name: annotated, source, ...sources.get(source) };
    },
  };
  for (const button of document.querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => then(async () => {
      const { name, source, ...what } = kinds[button.dataset.save]();
      begin(`Writing ${name}`);
      current = { before: new Map(sources) };
      const { blob, done } = await ask("save", what).finally(() => { current = null; });
      busy(null);
      if (done) return download(blob, name);
      const text = "it can't be read any more: it was deleted, moved or changed after it was dropped";
      notices = [{ kind: "error", subject: source, text, hint: "Drop it again, then save." }];
      show();
      said(`${name} was not saved.`);
    }));
  }

  // ---- Dropping and choosing ----

  const named = (files) => [...files].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
  for (const [button, input] of [["web-choose", "web-input"], ["web-choose-folder", "web-input-folder"]]) {
    $(button).addEventListener("click", () => $(input).click());
    $(input).addEventListener("change", () => {
      take(named($(input).files));
      $(input).value = "";
    });
  }

  const list = (reader) => new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
  // The files of a folder, in the order of their names.
  const walk = async (entry, found) => {
    if (found.length > MOST_FILES) return;
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
      found.push({ name: entry.fullPath.slice(1), file });
      return;
    }
    const reader = entry.createReader();
    const entries = [];
    for (let some = await list(reader); some.length > 0; some = await list(reader)) entries.push(...some);
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const inner of entries) await walk(inner, found);
  };

  const isFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  let depth = 0;
  const over = (change) => {
    depth = Math.max(0, depth + change);
    $("web-over").hidden = depth === 0;
  };
  addEventListener("dragenter", (event) => { if (isFiles(event)) over(1); });
  addEventListener("dragleave", (event) => { if (isFiles(event)) over(-1); });
  addEventListener("dragover", (event) => { if (isFiles(event)) event.preventDefault(); });
  addEventListener("drop", async (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    over(-depth);
    const items = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
    if (!items.some((entry) => entry?.isDirectory)) return take(named(event.dataTransfer.files));
    const found = [];
    for (const entry of items.filter(Boolean)) await walk(entry, found);
    take(found);
  });

  // ---- The form ----

  const showMode = () => {
    if (onlyCheck) return;
    const mode = location.hash === "#check" ? "check" : ["", "#start"].includes(location.hash) ? "answers" : root.dataset.mode;
    root.dataset.mode = mode;
    for (const name of ["answers", "check"]) {
      if (name === mode) $(`web-to-${name}`).setAttribute("aria-current", "page");
      else $(`web-to-${name}`).removeAttribute("aria-current");
    }
  };
  addEventListener("hashchange", showMode);
  showMode();

  const clientRow = (id, number) => {
    const cells = [["host", "its IP address"], ["socket_addresses", "its socket addresses"], ["sockets_created", "sockets that it created"]];
    const row = make("div", { className: "web-grid client" });
    for (const [key, words] of cells) {
      const input = make("input", { id: `${id}-${number}-${key}`, name: key, spellcheck: false });
      row.append(make("p", {}, make("label", { htmlFor: input.id, textContent: `Client computer ${number + 1}: ${words}` }), input));
    }
    return row;
  };

  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
  // What is asked, and the name under which it stands in the file.
  const asks = (words, key) => [`${capital(words)} `, make("code", { className: "web-key", textContent: key })];

  const entryOf = (question, { key, kind, help, example }) => {
    const id = `web-${question}-${key}`;
    const wrong = make("p", { className: "web-wrong", id: `${id}-wrong` });
    const hint = make("p", { className: "web-example why", id: `${id}-hint`, textContent: `For example: ${example}` });
    const holder = kind === "clients" ? make("fieldset") : make("div");
    holder.className = "web-entry";
    holder.dataset.question = question;
    holder.dataset.key = key;
    holder.dataset.kind = kind;
    if (kind === "clients") {
      const more = make("button", { type: "button", textContent: "Add a client computer" });
      const rows = make("div", { className: "rows" }, clientRow(id, 0), clientRow(id, 1));
      more.addEventListener("click", () => {
        rows.append(clientRow(id, rows.children.length));
        rows.lastElementChild.querySelector("input").focus();
      });
      holder.setAttribute("aria-describedby", `${id}-wrong`);
      holder.append(make("legend", {}, ...asks(help, key)), rows, more, wrong);
      return holder;
    }
    const control = kind === "yes-no" ? make("select", { id }) : make("input", { id, spellcheck: false, inputMode: kind === "count" ? "numeric" : "text" });
    if (kind === "yes-no") for (const value of ["", "yes", "no"]) control.append(make("option", { value, textContent: value || "not answered" }));
    const hasHint = kind !== "yes-no";
    control.setAttribute("aria-describedby", hasHint ? `${id}-hint ${id}-wrong` : `${id}-wrong`);
    holder.append(make("label", { htmlFor: id }, ...asks(help, key)), control);
    if (hasHint) holder.append(hint);
    holder.append(wrong);
    return holder;
  };

  const showForm = (questions) => {
    $("web-form").replaceChildren(...questions.map(({ key, number, topic, points, explain, entries }) => {
      const id = `web-${key}-explanation`;
      const legend = make("legend", {}, make("span", { className: "number", textContent: number }), ` ${topic} (${counted(points, "point")})`);
      const words = explain && make("div", { className: "web-entry" }, make("label", { htmlFor: id }, ...asks(`explain ${explain}`, "explanation")), make("textarea", { id }), make("p", { className: "web-wrong", id: `${id}-wrong` }));
      if (words) Object.assign(words.dataset, { question: key, key: "explanation", kind: "text" });
      const told = make("ul", { className: "web-question-told", id: `web-${key}-told` });
      return make("fieldset", {}, legend, ...entries.map((entry) => entryOf(key, entry)), ...(words ? [words] : []), told);
    }));
  };

  const holders = () => [...document.querySelectorAll("#web-form .web-entry")];
  const clientsOf = (holder) => [...holder.querySelectorAll(".client")]
    .map((row) => Object.fromEntries([...row.querySelectorAll("input")].map((input) => [input.name, input.value.trim()])))
    .filter((client) => Object.values(client).some(Boolean));

  const filling = () => {
    const all = {};
    for (const holder of holders()) {
      const { question, key, kind } = holder.dataset;
      const value = kind === "clients" ? clientsOf(holder) : holder.querySelector("input, select, textarea").value;
      (all[question] ??= {})[key] = Array.isArray(value) && value.length === 0 ? "" : value;
    }
    return JSON.stringify(all);
  };

  // Fills in all entries; what is not given is emptied.
  const enter = (filling) => {
    for (const holder of holders()) {
      const { question, key, kind } = holder.dataset;
      const value = filling[question]?.[key] ?? "";
      if (kind === "clients") {
        const clients = [value].flat().filter(Boolean);
        const rows = holder.querySelector(".rows");
        rows.replaceChildren(...Array.from({ length: Math.max(2, clients.length) }, (_, number) => clientRow(`web-${question}-${key}`, number)));
        clients.forEach((client, number) => {
          for (const input of rows.children[number].querySelectorAll("input")) input.value = [client[input.name] ?? ""].flat().join(", ");
        });
      } else {
        const control = holder.querySelector("input, select, textarea");
        const text = typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
        const choices = control.matches("select") ? [...control.options].map((option) => option.value) : null;
        // What is neither yes nor no stays to be seen, and corrected.
        if (choices && !choices.includes(text)) control.append(make("option", { value: text, textContent: text }));
        control.value = text;
      }
    }
  };

  // What is filled in, as a saved form gives it: now, when it was last taken from a file or saved, and in that file.
  let [now, kept, taken] = ["{}", "{}", "{}"];
  const isTyped = () => now !== kept;
  const keep = (text) => {
    [kept, taken, formIsChanged] = [now, text, false];
  };
  const empty = async () => {
    enter({});
    await check();
    keep(now);
  };

  // A form that was read takes the place of what is filled in, but not of what was typed and is saved nowhere.
  const fillForm = async () => {
    if (!state.form || state.form.reading === reading) return;
    const isAgain = reading === null;
    reading = state.form.reading;
    const text = JSON.stringify(state.form.filling);
    if (text === now) return keep(text);
    if (isAgain || (text === taken && !isTyped())) return;
    if (isTyped()) {
      const hint = "To use the form, save your answers first, or reload the page. Then drop it again.";
      notices.push({ kind: "note", subject: state.form.name, text: "it was not filled in, because entries on this page were changed and are not saved", hint });
      return;
    }
    enter(state.form.filling);
    await check();
    keep(text);
  };

  // The form asks what the lab asks, whose file may have been dropped; what was typed stays where it is still asked.
  let asked = "[]";
  const followLab = async () => {
    const questions = await askJson("form");
    const text = JSON.stringify(questions);
    if (text === asked) return;
    asked = text;
    const typed = JSON.parse(filling());
    const wasTyped = isTyped();
    showForm(questions);
    enter(typed);
    if (!state) return;
    // What is asked no more is not typed any more.
    await check();
    if (!wasTyped) keep(taken);
  };

  const mark = (kind) => make("strong", { className: "mark", textContent: kind });
  const check = async () => {
    if (!state) return;
    const checked = await askJson("check", { text: filling() });
    if (!checked) return;
    now = JSON.stringify(checked.form);
    const { captures, answers, complete, screenshots, verdict } = checked;
    $("web-verdict").textContent = answers.some(({ grade }) => grade !== "note") ? verdict : `${complete} ${verdict}`;
    const lines = (told) => told.map(({ grade, mark: word, text }) => make("li", { className: grade }, grade === "told" ? make("strong", { textContent: `${word}: ` }) : mark(word), ` ${text}`));
    $("web-check-captures").replaceChildren(...lines(captures));
    $("web-screenshots").replaceChildren(...lines(screenshots));
    $("web-screenshots-wanted").textContent = checked.screenshots_wanted;
    for (const holder of holders()) {
      const { question, key } = holder.dataset;
      const about = answers.filter((told) => told.question === question && told.entry === key);
      holder.querySelector(".web-wrong").textContent = about.map(({ text }) => text).join(" ");
      for (const control of holder.querySelectorAll("input, select, textarea")) {
        if (about.length > 0) control.setAttribute("aria-invalid", "true");
        else control.removeAttribute("aria-invalid");
      }
    }
    for (const list of document.querySelectorAll(".web-question-told")) {
      const about = answers.filter((told) => list.id === `web-${told.question}-told` && told.entry === null);
      list.replaceChildren(...about.map(({ grade, text }) => grade === "note"
        ? make("li", { className: "note" }, mark("also needed"), ` ${text}`)
        : make("li", { textContent: capital(text) })));
    }
  };

  let typing = 0;
  $("web-form").addEventListener("input", () => {
    formIsChanged = true;
    // From now on, what is wrong with an entry stands beside it.
    const isOld = ({ kind, subject }) => kind === "error" && subject === state?.form?.name;
    if (notices.some(isOld)) {
      notices = notices.filter((notice) => !isOld(notice));
      show();
    }
    clearTimeout(typing);
    typing = setTimeout(() => then(check), 300);
  });
  $("web-form").addEventListener("submit", (event) => event.preventDefault());
  $("web-save-form").addEventListener("click", () => then(async () => {
    const { blob } = await ask("fill", { text: filling(), type: "application/toml" });
    download(blob, "answers.toml");
    await check();
    keep(now);
  }));
  // On paper, what is longer than its box stands there whole.
  addEventListener("beforeprint", () => {
    for (const control of document.querySelectorAll("#web-form :is(input, textarea)")) control.after(make("p", { className: "web-printed", textContent: control.value }));
  });
  addEventListener("afterprint", () => {
    for (const printed of document.querySelectorAll(".web-printed")) printed.remove();
  });
  addEventListener("beforeunload", (event) => { if (formIsChanged) event.preventDefault(); });

  then(async () => {
    await followLab();
    await analyze();
    root.dataset.ready = "yes";
  });
})();
