"use strict";
(() => {
  const table = document.getElementById("class");
  const [head] = table.tHead.rows;
  const search = document.getElementById("search");
  const show = document.getElementById("show");
  const count = document.getElementById("count");
  const further = document.getElementById("further");
  const step = 200;
  const last = head.cells.length - 1;
  const [human, late] = [last - 1, last - 2];
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
  // What a row says is read when it is first asked for: most pages are only looked at.
  const texts = new Map();
  const text = (row, column) => row.cells[column].textContent;
  const whole = (row) => {
    if (!texts.has(row)) texts.set(row, [0, 1, last].map((column) => text(row, column)).join("\n").toLowerCase());
    return texts.get(row);
  };
  const kinds = {
    all: () => true,
    human: (row) => text(row, human) !== "0",
    late: (row) => text(row, late) !== "",
    finding: (row) => text(row, last) !== "",
  };
  let order = rows;
  let shown = step;

  const draw = () => {
    const wanted = search.value.trim().toLowerCase();
    const kind = kinds[show.value];
    const fits = order.filter((row) => kind(row) && (wanted === "" || whole(row).includes(wanted)));
    const body = document.createElement("tbody");
    body.append(...fits.slice(0, shown));
    table.tBodies[0].replaceWith(body);
    further.hidden = fits.length <= shown;
    count.textContent = fits.length === rows.length ? `${rows.length} submissions` : `${fits.length} of ${rows.length} submissions`;
  };

  const collator = new Intl.Collator(undefined, { numeric: true });
  const sort = (column, cell) => {
    const down = cell.getAttribute("aria-sort") === "ascending";
    for (const other of head.cells) other.removeAttribute("aria-sort");
    cell.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keys = new Map(rows.map((row) => [row, text(row, column)]));
    const numbers = column > 1 && column < last && column !== late;
    const compare = numbers ? (a, b) => Number(keys.get(a)) - Number(keys.get(b)) : (a, b) => collator.compare(keys.get(a), keys.get(b));
    order = [...rows].sort(down ? (a, b) => compare(b, a) : compare);
    shown = step;
    draw();
  };

  for (const [column, cell] of [...head.cells].entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = cell.textContent;
    button.addEventListener("click", () => sort(column, cell));
    cell.replaceChildren(button);
  }
  const again = () => {
    shown = step;
    draw();
  };
  search.addEventListener("input", again);
  show.addEventListener("change", again);
  further.addEventListener("click", () => {
    shown += step;
    draw();
  });
  document.getElementById("find").addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("find").hidden = false;
  // The rows beyond the first stay where they are until they are asked for.
  for (const body of [...table.tBodies].slice(1)) body.remove();
  draw();
})();
