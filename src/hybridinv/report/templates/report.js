"use strict";
(() => {
  const PAGE = 50, PRINTED = 100;
  const order = new Intl.Collator("en", {numeric: true, sensitivity: "base"});
  const number = new Intl.NumberFormat("en");
  const tables = [...document.querySelectorAll(".table")].filter(box => box.querySelector("tbody")).map(enhance);

  // The columns of a table, each with its different cells ([text, key, tone, second line]) and the cell of each row.
  function fromData(text) {
    return JSON.parse(text).map(column => ({
      cells: column.cells.map(cell => typeof cell === "string" ? [cell, cell, "", ""] : cell),
      rows: column.rows,
    }));
  }

  function fromPage(rows) {
    const width = rows[0].cells.length;
    return Array.from({length: width}, (_, place) => ({
      cells: rows.map(row => {
        const cell = row.cells[place], key = cell.dataset.key;
        const text = cell.textContent.trim();
        return [text, key === undefined ? text : key === "" ? null : Number(key), "", ""];
      }),
      rows: rows.map((_, row) => row),
    }));
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function meter([text, key, tone]) {
    const space = "http://www.w3.org/2000/svg";
    const made = element("span", tone ? "meter " + tone : "meter");
    const svg = document.createElementNS(space, "svg");
    for (const [name, value] of [["viewBox", "0 0 100 8"], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]])
      svg.setAttribute(name, value);
    for (const [name, width] of [["track", 100], ["fill", Math.min(key, 100)]]) {
      const bar = document.createElementNS(space, "rect");
      bar.setAttribute("class", name);
      bar.setAttribute("width", width);
      bar.setAttribute("height", 8);
      svg.append(bar);
    }
    made.append(svg, text);
    return made;
  }

  function width(text, more) {
    const letters = Math.max(text.length, Math.floor(more.length / 2));
    return letters <= 36 ? " short" : letters <= 80 ? " medium" : " long";
  }

  function enhance(box) {
    const body = box.querySelector("tbody"), heads = [...box.querySelectorAll("thead th")];
    const data = box.querySelector("script"), output = box.querySelector("output");
    const pages = box.querySelector(".pages"), rest = box.querySelector(".rest"), own = box.querySelector("input");
    const shapes = [...body.rows[0].cells].map(cell => cell.className.replace(/short|medium|long/, "").trim());
    const made = data ? [] : [...body.rows];
    let columns, texts, picked, page = 0, sorted = -1, down = false, everywhere = "";
    const total = data ? Number(data.dataset.rows) : made.length;

    const read = () => columns ??= data ? fromData(data.textContent) : fromPage(made);

    function make(row) {
      const line = element("tr");
      columns.forEach((column, place) => {
        const cell = column.cells[column.rows[row]], [text, key, tone, more] = cell;
        const td = element(place ? "td" : "th", (shapes[place] + width(text, more)).trim());
        if (!place) td.scope = "row";
        if (key === null) td.append(element("span", "unknown", text));
        else if (shapes[place].includes("share")) td.append(meter(cell));
        else if (tone) td.append(element("span", "tone " + tone, text));
        else td.textContent = text;
        if (more) td.append(element("small", more.length <= 36 ? "short" : "", more));
        line.append(td);
      });
      return line;
    }

    function pick() {
      const words = (everywhere + " " + (own ? own.value : "")).toLowerCase().split(/\s+/).filter(Boolean);
      picked = null;
      if (words.length) {
        read();
        texts ??= Array.from({length: total}, (_, row) => columns.map(
          ({cells, rows}) => cells[rows[row]][0] + " " + cells[rows[row]][3]).join("\n").toLowerCase());
        picked = [];
        for (let row = 0; row < total; row++) if (words.every(word => texts[row].includes(word))) picked.push(row);
      }
      if (sorted >= 0) {
        const {cells, rows} = read()[sorted], sign = down ? -1 : 1;
        const compare = (a, b) => {
          const one = cells[rows[a]][1], other = cells[rows[b]][1];
          if (one === other) return a - b;
          if (one === null || one === "") return 1;
          if (other === null || other === "") return -1;
          return sign * (typeof one === "number" && typeof other === "number"
            ? one - other : order.compare(one, other)) || a - b;
        };
        picked = (picked ?? Array.from({length: total}, (_, row) => row)).sort(compare);
      }
    }

    function draw(most = PAGE) {
      const count = picked ? picked.length : total, first = most === PAGE ? page * PAGE : 0;
      const last = Math.min(first + most, count);
      if (columns) {  // until then the page has the rows as they are
        const lines = [];
        for (let place = first; place < last; place++) {
          const row = picked ? picked[place] : place;
          lines.push(made[row] ??= make(row));
        }
        body.replaceChildren(...lines);
      }
      const found = count === total ? `${number.format(total)} rows` :
        `${number.format(count)} of ${number.format(total)} rows match`;
      output.textContent = count > most ? `${number.format(first + 1)}–${number.format(last)} of ${found}` :
        count === total ? "" : found;
      if (rest) {
        rest.textContent = `${number.format(count - (last - first))} more rows are not printed.`;
        rest.hidden = most === PAGE || last - first === count;
      }
      pages.hidden = count <= PAGE;
      const [before, after] = pages.children;
      before.disabled = first === 0;
      after.disabled = last >= count;
      return count;
    }

    function change() {
      page = 0;
      pick();
      return draw();
    }

    heads.forEach((head, place) => {
      const button = element("button", "", head.textContent.trim());
      button.type = "button";
      head.replaceChildren(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        down = sorted === place && !down;
        sorted = place;
        heads.forEach(one => one.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        change();
      });
    });
    if (own) {
      let wait;
      own.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(change, 120); });
      output.setAttribute("aria-live", "polite");
    }
    pages.addEventListener("click", event => {
      page += Number(event.target.dataset.step ?? 0);
      read();
      draw();
    });
    [...body.rows].slice(PAGE).forEach(row => row.remove());
    box.querySelector(".tools").hidden = !own && total <= PAGE;
    draw();
    return {
      box,
      find(text) { everywhere = text; return change(); },
      print(all) { if (total > PAGE) read(); draw(all ? PRINTED : PAGE); },
    };
  }

  const find = document.getElementById("find"), said = document.querySelector(".find output");
  let wait;
  find.closest(".find").hidden = !tables.length;
  said.setAttribute("aria-live", "polite");
  find.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => {
      const text = find.value.trim();
      const counts = tables.map(table => table.find(text));
      const rows = counts.reduce((sum, count) => sum + count, 0);
      tables.forEach((table, place) => { table.box.hidden = Boolean(text) && !counts[place]; });
      said.textContent = text ?
        `${number.format(rows)} rows in ${counts.filter(Boolean).length} of ${tables.length} tables` : "";
    }, 200);
  });
  addEventListener("beforeprint", () => tables.forEach(table => table.print(true)));
  addEventListener("afterprint", () => tables.forEach(table => table.print(false)));
  const narrow = matchMedia("(max-width: 1079px)"), menu = document.querySelector("nav details");
  const fold = () => { menu.open = !narrow.matches; };
  narrow.addEventListener("change", fold);
  fold();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
})();
