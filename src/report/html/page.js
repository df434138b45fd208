
"use strict";
(() => {
  const table = document.getElementById("table");
  if (!table) return;
  const find = (id) => document.getElementById(id);
  const [controls, search, state, verdict, open, shown] =
    ["controls", "search", "state", "verdict", "open", "shown"].map(find);
  const severities = [...controls.querySelectorAll("[name=severity]")];
  const ranks = ["critical", "high", "medium", "low"];
  const findings = [...table.tBodies].map((body, number) => {
    const cells = [...body.rows[0].cells].map((cell) => cell.textContent.trim());
    return { body, number, cells, text: body.textContent.toLowerCase() };
  });
  const keys = [
    (f) => ranks.indexOf(f.cells[0]), (f) => f.cells[1].toLowerCase(), (f) => f.cells[2].toLowerCase(), (f) => f.cells[3],
    (f) => (f.cells[4] === "" ? -1 : Number(f.cells[4])), (f) => f.cells[5],
    (f) => f.cells[6],
  ];

  for (const name of new Set(findings.map((f) => f.cells[5]))) state.append(new Option(name, name));
  if (verdict) {
    const names = findings.map((f) => f.cells[6]).filter(Boolean);
    for (const name of new Set(names)) verdict.append(new Option(name, name));
  }

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(severities.filter((box) => box.checked).map((box) => box.value));
    let count = 0;
    for (const f of findings) {
      const fits = wanted.has(f.cells[0]) && (!state.value || f.cells[5] === state.value) &&
        (!verdict || !verdict.value || f.cells[6] === verdict.value) &&
        words.every((word) => f.text.includes(word));
      f.body.hidden = !fits;
      if (fits) count += 1;
    }
    shown.textContent = `${count} of ${findings.length} shown`;
  };

  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
      const key = keys[column];
      const compare = (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
      findings.sort((a, b) => sign * compare(a, b) || a.number - b.number);
      table.append(...findings.map((f) => f.body));
    });
  });

  const openAll = (yes) => table.querySelectorAll("details").forEach((details) => { details.open = yes; });
  open.addEventListener("click", () => {
    const yes = open.textContent === "Open all";
    openAll(yes);
    open.textContent = yes ? "Close all" : "Open all";
  });
  addEventListener("beforeprint", () => openAll(true));
  controls.addEventListener("input", filter);
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.hidden = false;
  filter();
})();
