// Tables whose rows stay the same elements while their values change, so that focus and selection
// stay, too. Everything gets into the page as text, never as markup.

/** Rows drawn of one table; who has more looks for a name with the API. */
const rowsMax = 200;

/** A new element with a class and maybe a text. */
export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  if (text !== "") made.textContent = visible(text);
  return made;
}

/** What would turn the text behind it around, or is not to be seen at all (UAX 9). */
const hiding = new RegExp(
  "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f" +
    "\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]",
  "g",
);

/** A text in which everything can be seen. */
const visible = (text) =>
  text.replace(hiding, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Sets a text; an equal one is left alone, so that a selection is. */
export function setText(node, text) {
  const shown = visible(text);
  if (node.textContent !== shown) node.textContent = shown;
}

export class Table {
  #columns;
  #key;
  #empty;
  #body = element("tbody");
  #note = element("p", "note");
  #rows = new Map();

  /**
   * Columns: `{label, kind, text(row)}` for plain ones, `{label, kind, fill(cell, row)}` for
   * others; `kind` is a class: `number`, `name` or `wide`. `key(row)` tells rows apart. `empty` is
   * said when there is none.
   */
  constructor(host, { caption, columns, key, empty }) {
    this.#columns = columns;
    this.#key = key;
    this.#empty = empty;
    // Cards on a phone are still a table to who hears it: display would take the roles away.
    const table = element("table");
    table.setAttribute("role", "table");
    table.append(element("caption", "hidden", caption));
    const head = element("thead");
    const row = element("tr");
    row.setAttribute("role", "row");
    head.setAttribute("role", "rowgroup");
    this.#body.setAttribute("role", "rowgroup");
    for (const { label, kind } of columns) {
      const cell = element("th", kind ?? "", label);
      cell.scope = "col";
      cell.setAttribute("role", "columnheader");
      row.append(cell);
    }
    head.append(row);
    table.append(head, this.#body);
    host.append(table, this.#note);
    this.update([]);
  }

  /** Shows rows; `leftOut` more are known only by their number. */
  update(rows, leftOut = 0) {
    const seen = new Set();
    let place = this.#body.firstElementChild;
    for (const row of rows.slice(0, rowsMax)) {
      const key = this.#key(row);
      if (seen.has(key)) continue;
      seen.add(key);
      const shown = this.#rows.get(key) ?? this.#make(key);
      if (shown === place) place = place.nextElementSibling;
      else this.#body.insertBefore(shown, place);
      this.#fill(shown, row);
    }
    for (const [key, shown] of this.#rows) {
      if (seen.has(key)) continue;
      shown.remove();
      this.#rows.delete(key);
    }
    const more = Math.max(rows.length - rowsMax, 0) + leftOut;
    const empty = rows.length === 0 ? this.#empty : "";
    setText(this.#note, more > 0 ? `and ${more} more that have less to do` : empty);
    this.#note.hidden = this.#note.textContent === "";
    this.#body.parentElement.hidden = rows.length === 0;
  }

  #make(key) {
    const row = element("tr");
    row.setAttribute("role", "row");
    for (const { label, kind } of this.#columns) {
      const cell = element("td", kind ?? "");
      cell.setAttribute("role", "cell");
      cell.dataset.label = label;
      row.append(cell);
    }
    this.#rows.set(key, row);
    return row;
  }

  #fill(shown, row) {
    this.#columns.forEach((column, index) => {
      const cell = shown.children[index];
      if (column.fill !== undefined) column.fill(cell, row);
      else setText(cell, column.text(row));
    });
  }
}

/** Fills a cell with a text over a bar that says how much of one it is. */
export function setBar(cell, text, part) {
  let label = cell.firstElementChild;
  if (label === null) {
    cell.classList.add("bar");
    label = element("span");
    cell.append(label);
  }
  setText(label, text);
  const width = Number.isFinite(part) ? Math.min(Math.max(part, 0), 1) : 0;
  cell.style.setProperty("--part", width.toFixed(3));
}

/** Fills a cell with a name and a quieter line below it. */
export function setTwoLines(cell, text, detail) {
  if (cell.firstElementChild === null) cell.append(element("b"), element("small"));
  setText(cell.firstElementChild, text);
  setText(cell.lastElementChild, detail);
}
