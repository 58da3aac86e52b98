// The tables below the plots: listeners, routes, workers, connections, ends, errors.

import { amount, bytes, clock, count, micro, moment, nothing, rate, share } from "./format.js";
import { setBar, setText, setTwoLines, Table } from "./table.js";

const byID = (id) => document.getElementById(id);

/** Tables that are longer than this show the busiest rows first. */
const inOrderMax = 50;

/** A row's share of what all rows have. */
function shares(rows, value) {
  const total = rows.reduce((sum, row) => sum + value(row), 0);
  return (row) => (total > 0 ? value(row) / total : 0);
}

const busiestFirst = (rows) =>
  rows.length > inOrderMax
    ? rows.toSorted((a, b) => b.requestsPerSecond - a.requestsPerSecond)
    : rows;

/** A count of what is bad; stands out when it is more than a hundredth of all. */
export function setAlarm(cell, value, all) {
  setText(cell, count(value));
  cell.classList.toggle("alarm", value > all / 100);
}

const isHTTP = (listener) => listener.protocolName === "http";

const listenerColumns = [
  {
    label: "Listener",
    kind: "name",
    fill: (cell, row) => setTwoLines(cell, row.name, row.addresses.join(", ")),
  },
  { label: "Protocol", text: (row) => row.protocolName },
  {
    label: "State",
    fill: (cell, row) => {
      setText(cell, row.state);
      cell.classList.toggle("warned", row.state !== "serving");
    },
  },
  { label: "Connections", kind: "number", text: (row) => count(row.connections) },
  { label: "Accepted/s", kind: "number", text: (row) => rate(row.acceptedPerSecond) },
  {
    label: "Requests/s",
    kind: "number",
    text: (row) => (isHTTP(row) ? rate(row.requestsPerSecond) : nothing),
  },
  {
    label: "4xx",
    kind: "number",
    text: (row) => (isHTTP(row) ? count(row.statuses.clientError) : nothing),
  },
  {
    label: "5xx",
    kind: "number",
    fill: (cell, row) =>
      isHTTP(row)
        ? setAlarm(cell, row.statuses.serverError, row.requests)
        : setText(cell, nothing),
  },
  { label: "In", kind: "number", text: (row) => bytes(row.bytesIn) },
  { label: "Out", kind: "number", text: (row) => bytes(row.bytesOut) },
];

const routeColumns = (part) => [
  {
    label: "Route",
    kind: "name",
    fill: (cell, row) => setTwoLines(cell, row.name || "no route", row.listener),
  },
  {
    label: "Requests/s",
    kind: "number",
    fill: (cell, row) => setBar(cell, rate(row.requestsPerSecond), part.of(row)),
  },
  { label: "Requests", kind: "number", text: (row) => count(row.requests) },
  { label: "5xx", kind: "number", fill: (cell, row) => setAlarm(cell, row.errors, row.requests) },
  { label: "p50", kind: "number", text: (row) => micro(row.total.p50Us) },
  { label: "p99", kind: "number", text: (row) => micro(row.total.p99Us) },
];

const workerColumns = [
  { label: "Worker", kind: "name", text: (row) => String(row.index) },
  {
    label: "CPU",
    kind: "number",
    fill: (cell, row) => setBar(cell, share(row.second.processors), row.second.processors),
  },
  { label: "Requests/s", kind: "number", text: (row) => rate(row.second.requests) },
  { label: "Connections", kind: "number", text: (row) => count(row.connections) },
  {
    label: "System calls/request",
    kind: "number",
    text: (row) => amount(row.second.systemCallsPerRequest),
  },
  { label: "CPU/request", kind: "number", text: (row) => micro(row.second.processorUsPerRequest) },
  {
    label: "Completions/turn",
    kind: "number",
    text: (row) => amount(row.second.completionsPerTurn),
  },
  {
    label: "Buffers",
    kind: "number",
    fill: (cell, row) =>
      setBar(
        cell,
        `${count(row.buffersInUse)} of ${count(row.buffersMax)}`,
        row.buffersInUse / row.buffersMax,
      ),
  },
  {
    label: "Starved waits",
    kind: "number",
    fill: (cell, row) => setAlarm(cell, row.starvedWaits, 0),
  },
  {
    label: "Overflows",
    kind: "number",
    fill: (cell, row) => setAlarm(cell, row.queueOverflows, 0),
  },
];

const pairColumns = (name, value, part) => [
  { label: name, kind: "name", text: (row) => row.name },
  { label: value, kind: "number", fill: (cell, row) => setBar(cell, row.text, part.of(row)) },
];

const incidentColumns = [
  {
    label: "When",
    kind: "when",
    fill: (cell, row) => {
      setText(cell, clock(row.atMs));
      cell.title = moment(row.atMs);
    },
  },
  {
    label: "Level",
    kind: "level",
    fill: (cell, row) => {
      setText(cell, row.level);
      cell.dataset.level = row.level;
    },
  },
  { label: "What", kind: "wide", text: (row) => row.message },
  {
    label: "Times",
    kind: "number times",
    text: (row) => (row.times > 1 ? `${count(row.times)} times` : ""),
  },
];

/** The same message again is one row, at the time of the newest. */
function grouped(errors) {
  const groups = new Map();
  for (const { atMs, level, message } of errors) {
    const key = `${level} ${message}`;
    const group = groups.get(key) ?? { key, atMs, level, message, times: 0 };
    group.times += 1;
    groups.set(key, group);
  }
  return [...groups.values()];
}

export class Tables {
  #listeners = new Table(byID("listeners"), {
    caption: "Listeners",
    columns: listenerColumns,
    key: (row) => row.name,
    empty: "Nothing is listened on.",
  });
  #routePart = { of: () => 0 };
  #routes = new Table(byID("routes"), {
    caption: "Routes",
    columns: routeColumns(this.#routePart),
    key: (row) => `${row.listener}\n${row.name}`,
    empty: "There are no routes.",
  });
  #workers = new Table(byID("workers"), {
    caption: "Workers",
    columns: workerColumns,
    key: (row) => String(row.index),
    empty: "There are no workers.",
  });
  #connectionPart = { of: () => 0 };
  #connections = new Table(byID("connections"), {
    caption: "Connections by state",
    columns: pairColumns("State", "Now", this.#connectionPart),
    key: (row) => row.name,
    empty: "There are no connections.",
  });
  #endPart = { of: () => 0 };
  #ends = new Table(byID("ends"), {
    caption: "Why exchanges ended",
    columns: pairColumns("Reason", "Since the start", this.#endPart),
    key: (row) => row.name,
    empty: "Nothing has ended yet.",
  });
  #totals = new Table(byID("totals"), {
    caption: "Totals since the start",
    columns: [
      { label: "Of", kind: "name", text: (row) => row.name },
      { label: "Since the start", kind: "number", text: (row) => row.text },
    ],
    key: (row) => row.name,
    empty: "",
  });
  #errors = new Table(byID("errors"), {
    caption: "Recent errors",
    columns: incidentColumns,
    key: (row) => row.key,
    empty: "Nothing went wrong so far.",
  });

  update(report) {
    this.#listeners.update(report.listeners);
    const routes = busiestFirst(report.routes);
    this.#routePart.of = shares(routes, (row) => row.requestsPerSecond);
    this.#routes.update(routes, report.routesLeftOut);
    this.#workers.update(report.workers);
    this.#updateConnections(report.connections);
    this.#updateEnds(report.totals.ends);
    this.#updateTotals(report.totals, report.second);
    this.#errors.update(grouped(report.errors));
  }

  #updateConnections(connections) {
    const rows = [
      ["HTTP clients with a request", connections.busy],
      ["HTTP clients, idle", Math.max(connections.http - connections.busy, 0)],
      ["TCP flows and tunnels", connections.flows],
      ["waiting for an upstream", connections.waiting],
      ["to endpoints", connections.upstream],
    ].map(([name, value]) => ({ name, value, text: count(value) }));
    const most = Math.max(...rows.map((row) => row.value), 1);
    this.#connectionPart.of = (row) => row.value / most;
    this.#connections.update(rows);
  }

  #updateEnds(ends) {
    const rows = Object.entries(ends)
      .map(([name, value]) => ({ name, value, text: count(value) }))
      .sort((a, b) => b.value - a.value);
    this.#endPart.of = shares(rows, (row) => row.value);
    this.#ends.update(rows);
  }

  #updateTotals(totals, second) {
    this.#totals.update([
      { name: "Connections accepted", text: count(totals.accepted) },
      { name: "Received", text: `${bytes(totals.bytesIn)}, ${bytes(second.bytesIn)}/s` },
      { name: "Sent", text: `${bytes(totals.bytesOut)}, ${bytes(second.bytesOut)}/s` },
      { name: "Retries", text: count(totals.retries) },
      { name: "Rate-limited", text: count(totals.rateLimited) },
      { name: "Shed", text: count(totals.shed) },
    ]);
  }
}
