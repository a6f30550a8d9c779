// Looks at socklab's page in Chromium: what it loads, what it logs, whether it can be used, and what axe-core finds.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import axe from "axe-core";
import { chromium } from "playwright-core";
import { hostile, long, many } from "./captures.mjs";

const [socklab, browserPath, shots] = process.argv.slice(2);
const fixtures = resolve(fileURLToPath(import.meta.url), "../../../fixtures/plain");
const directory = mkdtempSync(join(tmpdir(), "socklab-browser-"));
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
let checks = 0;

async function check(name, act) {
  await act();
  checks += 1;
  console.log(`ok ${name}`);
}

function report(name, captures, more = []) {
  const page = join(directory, `${name}.html`);
  execFileSync(socklab, ["analyze", ...captures, ...more, "-o", page], { stdio: ["ignore", "ignore", "ignore"], cwd: directory });
  return page;
}

// Opens a page and fails on any request but the one for itself, on any message of the console, and on any dialog.
async function open(file, options, act) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const url = pathToFileURL(file).href;
  const faults = [];
  page.on("request", (request) => { if (request.url() !== url) faults.push(`request for ${request.url()}`); });
  page.on("console", (message) => faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error}`));
  page.on("dialog", (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("popup", (popup) => faults.push(`popup: ${popup.url()}`));
  await page.goto(url);
  await act(page, context);
  assert.deepEqual(faults, []);
  await context.close();
}

const views = [];
for (const colorScheme of ["light", "dark"]) {
  for (const [width, height] of [[1280, 900], [390, 844]]) views.push({ colorScheme, viewport: { width, height } });
}
const named = ({ colorScheme, viewport }) => `${colorScheme}, ${viewport.width} px`;

const captures = readdirSync(fixtures).filter((name) => name.endsWith(".pcapng")).map((name) => join(fixtures, name));
const plain = report("plain", captures);
await long(join(directory, "long.pcap"), 200);
const folded = report("folded", [join(directory, "long.pcap")]);

for (const view of views) {
  for (const [name, file] of [["whole run", plain], ["long connection", folded]]) {
    await check(`${name}, ${named(view)}: axe-core finds nothing, nothing is cut off`, () =>
      open(file, view, async (page) => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= view.viewport.width, `${wide} px wide`);
        await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
        await page.evaluate(axe.source);
        const { violations, incomplete } = await page.evaluate(() => globalThis.axe.run(document));
        const told = (found) => found.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(" | ")}`);
        assert.deepEqual(told(violations), []);
        const contrast = incomplete.filter(({ id }) => id !== "color-contrast");
        assert.deepEqual(told(contrast), []);
        if (shots) await page.screenshot({ path: join(shots, `${name} ${named(view)}.png`), fullPage: true });
      }));
  }
}

await check("text stands out from what is behind it, in SVG too: at least 4.5 to 1", async () => {
  for (const view of views) {
    await open(folded, view, async (page) => {
      const low = await page.evaluate(() => {
        const rgb = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
        const light = ([r, g, b]) => {
          const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
          return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
        };
        const behind = (element) => {
          for (let at = element; at; at = at.parentElement) {
            const color = rgb(getComputedStyle(at).backgroundColor);
            if (color.length === 3 || color[3] > 0) return color;
          }
          return [255, 255, 255];
        };
        const ratio = (a, b) => {
          const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
          return (high + 0.05) / (low + 0.05);
        };
        return [...document.querySelectorAll("svg text, svg .shaft, .mark, .phase h5, summary, a, p, li, td, th")]
          .map((element) => {
            const style = getComputedStyle(element);
            const color = element.matches(".shaft") ? style.stroke : element.closest("svg") ? style.fill : style.color;
            return [element.outerHTML.slice(0, 80), ratio(rgb(color), behind(element))];
          })
          .filter(([, value]) => value < 4.5);
      });
      assert.deepEqual(low, []);
    });
  }
});

await check("a fold opens by click and by key, and its frames are drawn", () =>
  open(folded, views[0], async (page) => {
    const fold = page.locator("details.fold").first();
    const frames = fold.locator("svg").first();
    assert.match(await fold.locator("summary").innerText(), /^\d+ frames, \d+ to \d+, folded$/);
    assert.equal(await frames.isVisible(), false);
    await fold.locator("summary").click();
    assert.equal(await frames.isVisible(), true);
    await fold.locator("summary").press("Enter");
    assert.equal(await frames.isVisible(), false);
  }));

await check("without script the page is whole: folds open, numbers lead to their frames", () =>
  open(folded, { ...views[0], javaScriptEnabled: false }, async (page) => {
    await page.locator("details.fold summary").first().click();
    assert.equal(await page.locator("details.fold svg").first().isVisible(), true);
    assert.equal(await page.locator("button.copy").first().isVisible(), false);
    await page.locator("#answers a.f").first().click();
    assert.match(page.url(), /#f0-\d+$/);
  }));

await check("a frame's number shows the frame in its ladder: by mouse", () =>
  open(plain, views[0], async (page) => {
    const link = page.locator("#answers a.f").first();
    const number = await link.innerText();
    await link.hover();
    const peek = page.locator("#peek");
    await peek.waitFor({ state: "visible" });
    assert.ok((await peek.locator(".rung.hit .frame").allTextContents()).includes(number));
    const hash = await link.getAttribute("href");
    assert.equal(await page.evaluate((id) => document.querySelector(id).classList.contains("hit"), hash), true);
    const box = await peek.boundingBox();
    assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= 1280 && box.y + box.height <= 900);
    await page.mouse.move(0, 0);
    await peek.waitFor({ state: "hidden" });
  }));

await check("by keyboard, and Escape takes it away", () =>
  open(plain, views[0], async (page) => {
    await page.locator("#I-1a summary").focus();
    await page.keyboard.press("Enter");
    for (let n = 0; n < 40; n += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement.matches("a.f"))) break;
    }
    await page.locator("#peek").waitFor({ state: "visible" });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-describedby")), "peek");
    await page.keyboard.press("Escape");
    await page.locator("#peek").waitFor({ state: "hidden" });
  }));

await check("by touch, also where the frame is folded away", () =>
  open(folded, { ...views[1], hasTouch: true, isMobile: true }, async (page) => {
    const id = await page.evaluate(() => {
      const ids = [...document.querySelectorAll("details.fold .rung")].map((rung) => `#${rung.id}`);
      const link = [...document.querySelectorAll("#answers a.f, #findings a.f")].find((link) => ids.includes(link.hash));
      link.closest("details")?.setAttribute("open", "");
      link.setAttribute("data-test", "");
      return link.hash;
    });
    await page.locator("a[data-test]").tap();
    await page.waitForFunction((id) => document.querySelector(id).closest("details").open, id);
    await page.waitForFunction((id) => {
      const box = document.querySelector(id).getBoundingClientRect();
      return box.top >= 0 && box.bottom <= innerHeight && box.height > 0;
    }, id);
  }));

for (const [way, script] of [
  ["", ""],
  [" where the page may not use the clipboard itself", `
    const real = navigator.clipboard;
    globalThis.readBack = () => real.readText();
    Object.defineProperty(navigator, "clipboard", { value: undefined });`],
]) {
  await check(`the copy button copies the filter${way}`, async () => {
    const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
    if (script) await context.addInitScript(script);
    const page = await context.newPage();
    await page.goto(pathToFileURL(plain).href);
    await page.evaluate(() => document.querySelectorAll("details.claims").forEach((fold) => { fold.open = true; }));
    for (const place of [0, 3]) {
      const filter = page.locator("#answers .filter").nth(place);
      await filter.locator("button").click();
      await filter.locator("button", { hasText: "Copied" }).waitFor();
      const copied = await page.evaluate(() => (globalThis.readBack ?? (() => navigator.clipboard.readText()))());
      assert.equal(copied, await filter.locator("code").innerText());
      assert.equal(await page.locator("#said").innerText(), "The filter was copied.");
    }
    await context.close();
  });
}

for (const javaScriptEnabled of [true, false]) {
  await check(`on paper the folded parts appear${javaScriptEnabled ? "" : ", also without script"}`, () =>
    open(folded, { javaScriptEnabled }, async (page) => {
      await page.emulateMedia({ media: "print" });
      const hidden = await page.locator("details:not([open]) > :not(summary)").evaluateAll((parts) =>
        parts.filter((part) => part.getBoundingClientRect().height === 0 || !part.checkVisibility()).length);
      assert.equal(hidden, 0);
      assert.ok((await page.pdf()).length > 10_000);
    }));
}

// A browser prints what is higher than a page over what follows it.
const journals = readdirSync(join(fixtures, "journals")).map((name) => join(fixtures, "journals", name));
const withJournals = report("journals", captures, ["--journal", ...journals]);
for (const [name, file] of [["whole run with journals", withJournals], ["long connection", folded]]) {
  await check(`${name}: no drawing is higher than a sheet of paper`, async () => {
    // A4 upright and Letter across, with margins of 10 mm, in CSS pixels.
    for (const [width, height] of [[718, 1047], [980, 740]]) {
      await open(file, { viewport: { width, height } }, async (page) => {
        await page.emulateMedia({ media: "print" });
        const highest = await page.evaluate(() => Math.max(...[...document.querySelectorAll("svg")].map((svg) => svg.getBoundingClientRect().height)));
        assert.ok(highest > 100 && highest <= height, `${highest} px of ${height}`);
      });
    }
  });
}

await check("who asked for less motion gets none", () =>
  open(plain, { reducedMotion: "reduce" }, async (page) => {
    assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), "auto");
    const moving = await page.evaluate(() =>
      [...document.querySelectorAll("*")].filter((part) => {
        const style = getComputedStyle(part);
        return style.animationName !== "none" || style.transitionDuration !== "0s";
      }).length);
    assert.equal(moving, 0);
  }));

await check("the answer table stands on top and leads to the answers, whose claims are folded", () =>
  open(plain, views[0], async (page) => {
    assert.equal(await page.locator("main > section").first().getAttribute("id"), "short");
    assert.equal(await page.locator("#short tbody tr").count(), 9);
    assert.equal(await page.locator("#I-1a .claim").first().isVisible(), false);
    await page.locator("#short tbody a[href='#II-3']").click();
    assert.match(page.url(), /#II-3$/);
  }));

await check("TCP stands beside UDP", () =>
  open(plain, views[0], async (page) => {
    const [tcp, udp] = await page.locator(".compared .column").all();
    const [left, right] = [await tcp.boundingBox(), await udp.boundingBox()];
    assert.ok(right.x > left.x + 100 && Math.abs(right.y - left.y) < 2);
    assert.match(await tcp.innerText(), /Handshake/);
    assert.match(await udp.innerText(), /Datagrams/);
  }));

await check("hostile text stays text", async () => {
  const text = `"><script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)></title></style></script>'"`;
  const name = `a"><img src=x onerror=alert(1)>&lt;b&gt;.pcapng`;
  hostile(join(directory, name), text);
  const page = report("hostile", [name]);
  for (const view of views) {
    await open(page, view, async (page) => {
      assert.equal(await page.locator("img, iframe, object, embed, link, base, form").count(), 0);
      assert.equal(await page.locator("script").count(), 1);
      assert.ok((await page.locator("body").innerText()).includes(name));
      assert.ok((await page.locator("#files").innerText()).includes(`"><script>alert(1)</script>`));
    });
  }
});

await check("100,000 connections make a page below 5 MB that opens at once and says what it left out", async () => {
  const capture = join(directory, "many.pcap");
  await many(capture, 100_000);
  const file = report("many", [capture]);
  const size = statSync(file).size;
  assert.ok(size < 5_000_000, `${size} bytes`);
  const start = performance.now();
  await open(file, views[0], async (page) => {
    await page.locator("#files").waitFor();
    const text = await page.locator("body").innerText();
    assert.match(text, /99\d{3} more streams not drawn here/);
    assert.match(await page.locator("#files").textContent(), /99\d{3} more connections not listed here/);
  });
  const seconds = (performance.now() - start) / 1000;
  console.log(`   ${(size / 1e6).toFixed(2)} MB, open and looked through in ${seconds.toFixed(1)} s`);
  assert.ok(seconds < 5, `${seconds} s`);
});

await browser.close();
rmSync(directory, { recursive: true });
console.log(`${checks} checks passed (axe-core ${axe.version})`);
