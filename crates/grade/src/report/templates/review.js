"use strict";
const { columns, rows } = JSON.parse(document.getElementById("data").textContent);
const at = name => columns.indexOf(name);
const [STUDENT, QUESTION, HUMAN, OVERRIDE, COMMENT, STATE, ANSWER] =
  ["student", "question", "human_points", "override", "comment", "state", "answer"].map(at);
const element = id => document.getElementById(id);
const questions = [...new Set(rows.map(row => row[QUESTION]))];
for (const name of ["", ...questions]) {
  const option = document.createElement("option");
  option.value = name;
  option.textContent = name || "all questions";
  element("question").append(option);
}
const isNumber = text => text.trim() === "" || /^\d+([.,]\d+)?$/.test(text.trim());
function field(row, column) {
  const input = document.createElement(column === COMMENT ? "textarea" : "input");
  if (column !== COMMENT) input.type = "text";
  input.value = row[column];
  input.setAttribute("aria-label", `${columns[column]} of ${row[STUDENT]}, ${row[QUESTION]}`);
  input.addEventListener("input", () => {
    row[column] = input.value;
    if (column !== COMMENT) {
      input.classList.toggle("wrong", !isNumber(input.value));
      // What is decided now is about the answer at hand.
      row[ANSWER] = "";
    }
    element("said").textContent = "Not saved yet.";
  });
  return input;
}
const MOST = 500;
function show() {
  const question = element("question").value, open = element("open").checked;
  const shown = rows.filter(row => (!question || row[QUESTION] === question) && (!open || !["final", "reviewed"].includes(row[STATE])));
  const lines = shown.slice(0, MOST).map(row => {
    const line = document.createElement("tr");
    for (const name of ["student", "question", "rubric_points", "pending", "human_points", "override", "comment", "state", "why"]) {
      const cell = document.createElement("td");
      const column = at(name);
      if ([HUMAN, OVERRIDE, COMMENT].includes(column)) cell.append(field(row, column));
      else cell.textContent = row[column];
      line.append(cell);
    }
    return line;
  });
  element("rows").replaceChildren(...lines);
  element("said").textContent = shown.length > MOST ? `The first ${MOST} of ${shown.length} rows are shown.` : `${shown.length} rows`;
}
const quoted = cell => `"${String(cell).replaceAll('"', '""')}"`;
element("save").addEventListener("click", () => {
  const wrong = rows.find(row => !isNumber(row[HUMAN]) || !isNumber(row[OVERRIDE]));
  if (wrong) {
    element("said").textContent = `Not saved: a number of ${wrong[STUDENT]}, ${wrong[QUESTION]} is not one.`;
    return;
  }
  const text = "\ufeff" + [columns, ...rows].map(row => row.map(quoted).join(",")).join("\r\n") + "\r\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = "review.csv";
  link.click();
  element("said").textContent = "Saved. Put the file into the results folder.";
});
element("question").addEventListener("change", show);
element("open").addEventListener("change", show);
show();
