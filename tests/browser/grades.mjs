// Looks at the pages of a class in Chromium: what they load and log, whether the index can be searched and sorted, what
// axe-core finds. With a folder of results as third argument it says how long its index takes to open.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import axe from "axe-core";
import { chromium } from "playwright-core";

const [socklab, browserPath, large] = process.argv.slice(2);
const fixtures = resolve(fileURLToPath(import.meta.url), "../../../fixtures/class");
const directory = mkdtempSync(join(tmpdir(), "socklab-grades-"));
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });

// Opens a page and fails on any request but the one for itself, and on any message of the console.
async function open(file, options, act) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const url = pathToFileURL(file).href;
  const faults = [];
  page.on("request", (request) => { if (!request.isNavigationRequest()) faults.push(`request for ${request.url()}`); });
  page.on("console", (message) => faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error}`));
  await page.goto(url);
  await act(page);
  assert.deepEqual(faults, []);
  await context.close();
}

async function check(name, act) {
  await act();
  console.log(`ok ${name}`);
}

const results = join(directory, "results");
const canvas = ["--canvas", join(fixtures, "export.csv"), "--canvas-column", "Socket lab"];
execFileSync(socklab, ["grade", join(fixtures, "submissions"), "--results", results, ...canvas], { stdio: "ignore" });
const index = join(results, "grades.html");
const names = (page) => page.locator("#class tbody th").allInnerTexts();

const pages = ["grades.html", "copies.html", "students/coxcy.html", "worklist/II.2.html"];
for (const colorScheme of ["light", "dark"]) {
  for (const name of pages) {
    await check(`${name}, ${colorScheme}: axe-core finds nothing, nothing is cut off`, () =>
      open(join(results, name), { colorScheme, viewport: { width: 1280, height: 900 } }, async (page) => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= 1280, `${wide} px wide`);
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(() => globalThis.axe.run(document));
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
      }));
  }
}

await check("the index is searched, filtered and sorted, by mouse and by key", () =>
  open(index, {}, async (page) => {
    assert.deepEqual(await names(page), ["boeben", "coxcy", "dodee", "leeann"]);
    await page.fill("#search", "COX");
    assert.deepEqual(await names(page), ["coxcy"]);
    assert.equal(await page.innerText("#count"), "1 of 4 submissions");
    await page.fill("#search", "");
    await page.selectOption("#show", "late");
    assert.equal((await names(page)).length, 1);
    await page.selectOption("#show", "all");
    const points = page.getByRole("button", { name: "Points" });
    await points.click();
    assert.deepEqual(await names(page), ["dodee", "coxcy", "boeben", "leeann"]);
    await points.press("Enter");
    assert.deepEqual(await names(page), ["leeann", "boeben", "coxcy", "dodee"]);
  }));

await check("every link of the index leads to a page", () =>
  open(index, {}, async (page) => {
    const links = await page.locator("a").evaluateAll((all) => all.map((link) => link.href));
    assert.ok(links.length > 10);
    for (const link of links) statSync(fileURLToPath(link.split("#")[0]));
  }));

await check("without scripts all rows are there", () =>
  open(index, { javaScriptEnabled: false }, async (page) => assert.equal((await names(page)).length, 4)));

if (large) {
  const file = join(large, "grades.html");
  const start = performance.now();
  await open(file, {}, async (page) => {
    await page.waitForFunction(() => document.getElementById("count").textContent !== "");
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0))));
    const opened = performance.now() - start;
    const search = performance.now();
    await page.fill("#search", "student0042");
    const searched = performance.now() - search;
    console.log(`${statSync(file).size} bytes: drawn after ${opened.toFixed(0)} ms, searched in ${searched.toFixed(0)} ms`);
    assert.ok(opened < 2000, `${opened} ms`);
  });
}

await browser.close();
rmSync(directory, { recursive: true });
