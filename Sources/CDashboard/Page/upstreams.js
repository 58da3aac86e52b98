// Upstreams with their endpoints, and the buttons that take endpoints out of service and back.

import { amount, count, micro, rate, share } from "./format.js";
import { element, setBar, setText, setTwoLines, Table } from "./table.js";
import { setAlarm } from "./tables.js";

/** Not disabled: the focus comes back to it from the question. */
const setBusy = (button, isBusy) => button.setAttribute("aria-busy", String(isBusy));

const isTrouble = (endpoint) => endpoint.state !== "usable";

/** How many endpoints of an upstream are drawn before the list is one of those in trouble first. */
const inOrderMax = 50;

export class Upstreams {
  #host;
  #note;
  #shown = new Map();
  #order;
  #pending = new Set();
  #latest = new Map();

  /**
   * `note` takes what is left out. `order(endpoint, undrain)` asks the reader, gives the order and
   * says what came of it.
   */
  constructor(host, note, order) {
    this.#host = host;
    this.#note = note;
    this.#order = order;
  }

  update({ upstreams, upstreamsLeftOut = 0, endpointsLeftOut = 0 }) {
    const left = [
      upstreamsLeftOut > 0 ? `${count(upstreamsLeftOut)} more upstreams` : "",
      endpointsLeftOut > 0 ? `${count(endpointsLeftOut)} more endpoints` : "",
    ].filter((text) => text !== "");
    setText(this.#note, left.length > 0 ? `and ${left.join(" and ")} that have less to do` : "");
    const seen = new Set();
    this.#latest.clear();
    for (const upstream of upstreams) {
      seen.add(upstream.name);
      const shown = this.#shown.get(upstream.name) ?? this.#make(upstream.name);
      if (shown.card !== this.#host.children[seen.size - 1]) {
        this.#host.insertBefore(shown.card, this.#host.children[seen.size - 1] ?? null);
      }
      this.#fill(shown, upstream);
    }
    for (const [name, { card }] of this.#shown) {
      if (seen.has(name)) continue;
      card.remove();
      this.#shown.delete(name);
    }
  }

  #make(name) {
    const card = element("article", "upstream");
    const head = element("header");
    const title = element("h3", "", name);
    const health = element("span", "health-summary");
    const facts = element("p", "facts");
    facts.append(element("span"), element("span"));
    head.append(title, health, facts);
    const body = element("div", "scroll");
    card.append(head, body);
    const part = { of: () => 0 };
    const table = new Table(body, {
      caption: `Endpoints of ${name}`,
      columns: this.#columns(part),
      key: (row) => row.id,
      empty: "It has no endpoints.",
    });
    const shown = { card, health, facts, table, part };
    this.#shown.set(name, shown);
    return shown;
  }

  #columns(part) {
    return [
      {
        label: "Endpoint",
        kind: "name",
        fill: (cell, row) =>
          setTwoLines(cell, row.name, row.address === row.name ? "" : row.address),
      },
      { label: "Health", kind: "health", fill: (cell, row) => this.#fillHealth(cell, row) },
      { label: "Weight", kind: "number", text: (row) => count(row.weight) },
      { label: "Connections", kind: "number", text: (row) => count(row.connections) },
      { label: "In flight", kind: "number", text: (row) => count(row.inFlight) },
      {
        label: "Requests/s",
        kind: "number",
        fill: (cell, row) => setBar(cell, rate(row.requestsPerSecond), part.of(row)),
      },
      { label: "Requests", kind: "number", text: (row) => count(row.requests) },
      {
        label: "Errors",
        kind: "number",
        fill: (cell, row) => setAlarm(cell, row.errors, row.requests),
      },
      {
        label: "No answer",
        kind: "number",
        fill: (cell, row) => setAlarm(cell, row.failures, row.requests),
      },
      { label: "Service", kind: "action", fill: (cell, row) => this.#fillAction(cell, row) },
    ];
  }

  #fillHealth(cell, row) {
    if (cell.firstElementChild === null) {
      cell.append(element("i", "dot"), element("span"), element("small"));
    }
    cell.dataset.health = row.state;
    setText(cell.children[1], row.state);
    setText(cell.children[2], row.reason ?? "");
  }

  #fillAction(cell, row) {
    this.#latest.set(row.id, row);
    let button = cell.firstElementChild;
    if (button === null) {
      button = element("button");
      button.type = "button";
      button.addEventListener("click", () => this.#press(row.id, button));
      cell.append(button);
    }
    const isDraining = row.state === "draining";
    setText(button, isDraining ? "Undrain" : "Drain");
    button.setAttribute("aria-label", `${button.textContent} ${row.id}`);
    setBusy(button, this.#pending.has(row.id));
  }

  async #press(id, button) {
    const row = this.#latest.get(id);
    if (row === undefined || this.#pending.has(id)) return;
    this.#pending.add(id);
    setBusy(button, true);
    try {
      await this.#order(row, row.state === "draining");
    } finally {
      this.#pending.delete(id);
      setBusy(button, false);
    }
  }

  #fill({ health, facts, table, part }, upstream) {
    const { endpoints } = upstream;
    const usable = endpoints.filter((endpoint) => !isTrouble(endpoint)).length;
    setText(health, `${usable} of ${endpoints.length} usable`);
    health.dataset.health =
      usable === endpoints.length ? "usable" : usable > 0 ? "draining" : "ejected";
    const errors = endpoints.reduce((sum, endpoint) => sum + endpoint.errors, 0);
    const text = [
      `${rate(upstream.requestsPerSecond)} requests/s`,
      `first byte p50 ${micro(upstream.firstByte.p50Us)}, p99 ${micro(upstream.firstByte.p99Us)}`,
      `connect p99 ${micro(upstream.connect.p99Us)}`,
      `${share(upstream.requests > 0 ? errors / upstream.requests : undefined)} errors`,
      "",
    ];
    setText(facts.firstElementChild, text.join(" \u00b7 "));
    setText(facts.lastElementChild, `${amount(upstream.waiting)} waiting`);
    facts.lastElementChild.classList.toggle("warned", upstream.waiting > 0);
    const most = Math.max(...endpoints.map((endpoint) => endpoint.requestsPerSecond), 1);
    part.of = (row) => row.requestsPerSecond / most;
    const rows =
      endpoints.length > inOrderMax
        ? endpoints.toSorted((a, b) => Number(isTrouble(b)) - Number(isTrouble(a)))
        : endpoints;
    table.update(rows);
  }
}
