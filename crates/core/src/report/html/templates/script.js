"use strict";
(() => {
  const peek = document.getElementById("peek");
  const said = document.getElementById("said");
  const rowHeight = 40;
  let hit = null;

  const rungOf = (link) => document.getElementById(link.hash.slice(1));

  const unmark = () => {
    if (hit) hit.classList.remove("hit");
    hit = null;
  };

  const mark = (rung) => {
    unmark();
    rung.classList.add("hit");
    hit = rung;
  };

  // A piece of the ladder around a frame, beside the number that names it.
  const show = (link) => {
    const rung = rungOf(link);
    const svg = rung && rung.closest("svg");
    if (!svg) return;
    mark(rung);
    const copy = svg.cloneNode(true);
    copy.querySelectorAll("[id]").forEach((part) => part.removeAttribute("id"));
    copy.removeAttribute("aria-labelledby");
    copy.setAttribute("aria-hidden", "true");
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    const y = Number(rung.querySelector(".row").getAttribute("y"));
    const top = Math.max(0, y - rowHeight);
    copy.setAttribute("viewBox", `0 ${top} ${width} ${Math.min(height - top, y - top + 2 * rowHeight)}`);
    const phase = document.createElement("div");
    phase.className = rung.closest(".phase").className;
    phase.append(copy);
    const title = document.createElement("p");
    title.textContent = rung.closest(".ladder").querySelector("h4").textContent;
    peek.replaceChildren(title, phase);
    peek.hidden = false;
    link.setAttribute("aria-describedby", "peek");
    const box = link.getBoundingClientRect();
    const own = peek.getBoundingClientRect();
    const left = Math.min(Math.max(8, box.left), innerWidth - own.width - 8);
    const below = box.bottom + own.height + 12 < innerHeight;
    peek.style.left = `${left}px`;
    peek.style.top = `${below ? box.bottom + 8 : Math.max(8, box.top - own.height - 8)}px`;
  };

  const hide = (link) => {
    peek.hidden = true;
    if (link) link.removeAttribute("aria-describedby");
    unmark();
  };

  const frameLink = (event) => (event.target instanceof Element ? event.target.closest("a.f") : null);
  const on = (name, act) => document.addEventListener(name, act);

  on("pointerover", (event) => {
    const link = frameLink(event);
    if (link && event.pointerType !== "touch") show(link);
  });
  on("pointerout", (event) => {
    const link = frameLink(event);
    if (link) hide(link);
  });
  on("focusin", (event) => {
    const link = frameLink(event);
    if (link && link.matches(":focus-visible")) show(link);
  });
  on("focusout", (event) => {
    const link = frameLink(event);
    if (link) hide(link);
  });
  on("keydown", (event) => {
    if (event.key === "Escape") hide(document.activeElement);
  });

  // A frame in a fold is unfolded before the page goes there.
  const reveal = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let fold = place && place.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    if (place && place.matches(".rung")) place.scrollIntoView({ block: "center" });
  };
  on("click", (event) => {
    const link = frameLink(event);
    if (!link) return;
    hide(link);
    setTimeout(reveal);
  });
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  // Clipboard access needs a secure context; the old way works for a page that was opened as a file.
  const copyText = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "unseen";
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };
  // Without a script they would do nothing, and are hidden.
  document.querySelectorAll("button.copy").forEach((button) => { button.hidden = false; });
  on("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("button.copy") : null;
    if (!button) return;
    const done = await copyText(button.parentElement.querySelector("code").textContent);
    button.focus();
    button.firstChild.data = done ? "Copied" : "Select and copy by hand";
    said.textContent = done ? "The filter was copied." : "The filter could not be copied.";
    setTimeout(() => { button.firstChild.data = "Copy"; said.textContent = ""; }, 2000);
  });

  // On paper nothing can be unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((fold) => { fold.open = true; });
  });
  addEventListener("afterprint", () => {
    folded.forEach((fold) => { fold.open = false; });
    folded = [];
  });
})();
