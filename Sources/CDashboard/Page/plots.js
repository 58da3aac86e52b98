// The plots of the page: what they show, over which time, and the cursor that they share.

import { clock, micro, processors, rate } from "./format.js";
import { History } from "./history.js";
import { Plot } from "./plot.js";
import { element, setText } from "./table.js";

const spans = [
  { label: "1 min", seconds: 60 },
  { label: "5 min", seconds: 300 },
  { label: "15 min", seconds: 900 },
  { label: "1 h", seconds: 3600 },
];

/** Classes of answers in the order of a stack, with what people call them. */
export const classes = [
  { name: "success", label: "2xx", color: "success" },
  { name: "redirection", label: "3xx", color: "redirection" },
  { name: "clientError", label: "4xx", color: "client-error" },
  { name: "serverError", label: "5xx", color: "server-error" },
  { name: "none", label: "no answer", color: "no-answer" },
  { name: "informational", label: "1xx", color: "informational" },
];

const lines = {
  latency: [
    { name: "p99", label: "p99", color: "second-line" },
    { name: "p50", label: "p50", color: "first-line" },
    { name: "firstByte99", label: "first byte p99", color: "third-line" },
    { name: "own99", label: "Gyre's own p99", color: "fourth-line" },
  ],
  connections: [
    { name: "active", label: "clients", color: "first-line" },
    { name: "busy", label: "busy", color: "third-line" },
    { name: "upstream", label: "upstream", color: "second-line" },
    { name: "waiting", label: "waiting", color: "fourth-line" },
  ],
  processors: [
    { name: "processors", label: "all workers", color: "first-line" },
    { name: "busiest", label: "busiest worker", color: "second-line" },
  ],
};

/** What changed is told under a cursor that is as near as this, in milliseconds. */
const nearMs = 3000;

/** What tiles show beside. */
const others = ["requests", "errorShare", "calls", "processorUs"];

const names = [
  ...classes.map(({ name }) => name),
  ...Object.values(lines).flatMap((series) => series.map(({ name }) => name)),
  ...others,
];

/** Failures, as a share of requests: 5xx, and those without an answer. */
export function errorShare(window) {
  const { serverError, none } = window.statuses;
  return window.requests > 0 ? Math.min((serverError + none) / window.requests, 1) : undefined;
}

/** A report's sample for the history. */
function sample(report) {
  const { second, connections } = report;
  return {
    ...second.statuses,
    requests: second.requests,
    errorShare: errorShare(second),
    p50: second.total.p50Us,
    p99: second.total.p99Us,
    firstByte99: second.firstByte.p99Us,
    own99: second.own.p99Us,
    active: connections.active,
    busy: connections.busy,
    upstream: connections.upstream,
    waiting: connections.waiting,
    processors: second.processors,
    busiest: Math.max(0, ...report.workers.map((worker) => worker.second.processors)),
    calls: second.systemCallsPerRequest,
    processorUs: second.processorUsPerRequest,
  };
}

export class Plots {
  history = new History(names);
  #plots;
  #time;
  #seconds = spans[1].seconds;
  #cursor = null;
  #last = null;

  constructor(host, controls, time) {
    this.#time = time;
    const onCursor = (part) => {
      this.#cursor = part;
      this.draw();
    };
    const plot = (series, options) => new Plot(host, series, options, onCursor);
    this.#plots = [
      plot(classes, { title: "Requests per second", format: rate, isStacked: true, least: 4 }),
      plot(lines.latency, { title: "Latency", format: micro, isLogarithmic: true }),
      plot(lines.connections, { title: "Connections", format: rate, least: 4 }),
      plot(lines.processors, { title: "Processors", format: processors, least: 0.2 }),
    ];
    this.#offerSpans(controls);
    new ResizeObserver(() => this.draw()).observe(host);
    document.addEventListener("themechange", () => this.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  #offerSpans(controls) {
    for (const { label, seconds } of spans) {
      const button = element("button", "", label);
      button.type = "button";
      button.setAttribute("aria-pressed", String(seconds === this.#seconds));
      button.addEventListener("click", () => {
        this.#seconds = seconds;
        for (const other of controls.children) {
          other.setAttribute("aria-pressed", String(other === button));
        }
        this.draw();
      });
      controls.append(button);
    }
  }

  /** Takes in a report. */
  add(report) {
    const last = this.#last;
    this.history.push(report.atMs, sample(report));
    if (last !== null && last.pid !== report.pid) {
      this.history.mark(report.atMs, "another process");
    } else if (last !== null && last.generation !== report.generation) {
      this.history.mark(report.atMs, "another configuration");
    }
    this.#last = { pid: report.pid, generation: report.generation };
  }

  draw() {
    if (document.hidden || this.history.length === 0) return;
    const to = this.history.newest;
    // Time before the page was opened is not shown, except in its first minute.
    const known = Math.max(to - this.history.time(0), spans[0].seconds * 1000);
    const from = to - Math.min(known, this.#seconds * 1000);
    const at = this.#cursor === null ? null : from + this.#cursor * (to - from);
    for (const plot of this.#plots) plot.draw(this.history, from, to, at);
    setText(this.#time, at === null ? "" : this.#words(at));
  }

  /** The time under the cursor, and what changed there. */
  #words(at) {
    const near = this.history.marks.find((mark) => Math.abs(mark.at - at) < nearMs);
    return near === undefined ? `at ${clock(at)}` : `at ${clock(near.at)}: ${near.text}`;
  }
}
