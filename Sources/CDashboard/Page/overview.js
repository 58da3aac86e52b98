// The top of the page: what this process is, how it is, and the numbers to look at first.

import { amount, clock, count, duration, micro, nothing, rate, share } from "./format.js";
import { classes, errorShare } from "./plots.js";
import { element, setText } from "./table.js";

const sparkSamples = 60;
const vector = "http://www.w3.org/2000/svg";

const byID = (id) => document.getElementById(id);

/** Tiles: the number of the last second, and the same of the last minute and since the start. */
const tiles = [
  {
    label: "Latency, median",
    series: "p50",
    value: (window) => micro(window.total.p50Us),
  },
  {
    label: "Latency, p99",
    series: "p99",
    value: (window) => micro(window.total.p99Us),
  },
  {
    label: "Errors",
    hint: "5xx, and requests without an answer",
    series: "errorShare",
    value: (window) => share(errorShare(window)),
  },
  {
    label: "Connections",
    series: "active",
    value: (_, report) => amount(report.connections.active),
    detail: ({ connections: { busy, max } }) => `${count(busy)} busy, room for ${count(max)}`,
  },
  {
    label: "System calls per request",
    series: "calls",
    value: (window) => amount(window.systemCallsPerRequest),
  },
  {
    label: "CPU per request",
    series: "processorUs",
    value: (window) => micro(window.processorUsPerRequest),
  },
];

export class Overview {
  #tiles = [];
  #arcs = new Map();

  constructor() {
    for (const tile of tiles) this.#tiles.push(this.#makeTile(tile));
    this.#makeRing();
  }

  #makeTile(tile) {
    const made = element("div", "tile");
    if (tile.hint !== undefined) made.title = tile.hint;
    const value = element("dd", "value");
    const detail = element("dd", "detail");
    const spark = document.createElementNS(vector, "svg");
    spark.setAttribute("viewBox", `0 0 ${sparkSamples - 1} 20`);
    spark.setAttribute("preserveAspectRatio", "none");
    spark.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(vector, "path");
    spark.append(path);
    const picture = element("dd", "spark");
    picture.append(spark);
    made.append(element("dt", "", tile.label), value, detail, picture);
    byID("tiles").append(made);
    return { ...tile, shown: { value, detail, path } };
  }

  /** The ring: its arcs are the classes of the last second's answers. */
  #makeRing() {
    for (const { name, color } of classes) {
      const arc = document.createElementNS(vector, "circle");
      for (const [key, value] of [["cx", 60], ["cy", 60], ["r", 50], ["pathLength", 100]]) {
        arc.setAttribute(key, value);
      }
      arc.setAttribute("class", `arc ${color}`);
      byID("arcs").append(arc);
      this.#arcs.set(name, arc);
    }
  }

  update(report, history) {
    this.#describe(report);
    this.#turnRing(report.second);
    const { second, minute, start } = report;
    setText(byID("requests"), rate(second.requests));
    setText(byID("requests-minute"), `${rate(minute.requests)}/s over the last minute`);
    setText(byID("requests-total"), `${count(report.totals.requests)} since the start`);
    for (const { series, value, detail, shown } of this.#tiles) {
      setText(shown.value, value(second, report));
      const usual = () => `minute ${value(minute, report)}, start ${value(start, report)}`;
      setText(shown.detail, (detail ?? usual)(report));
      shown.path.setAttribute("d", Overview.#spark(history, series));
    }
  }

  #describe(report) {
    const isDraining = report.state === "draining";
    const chip = byID("state");
    chip.dataset.state = isDraining ? "draining" : report.isReady ? "ready" : "unready";
    const reason = report.notReadyReason === undefined ? "" : `: ${report.notReadyReason}`;
    const readiness = report.isReady ? "ready" : `not ready${reason}`;
    setText(byID("state-text"), `${isDraining ? "Draining" : "Serving"}, ${readiness}`);
    setText(byID("version"), report.version);
    const facts = [
      ["process", `pid ${report.pid}, up ${duration(report.uptimeMs)}`],
      ["backend", `${report.backend} (${report.backendReason})`],
      ["generation", `number ${report.generation}, ${report.configuration}`],
    ];
    for (const [id, text] of facts) setText(byID(id), text);
    const lost = report.accessLog?.lost ?? 0;
    const lines = report.accessLog === undefined ? "off" : `${count(report.accessLog.lines)} lines`;
    setText(byID("access-log"), lost > 0 ? `${lines}, ${count(lost)} lost` : lines);
  }

  #turnRing({ statuses }) {
    const total = classes.reduce((sum, { name }) => sum + statuses[name], 0);
    const words = [];
    let begin = 0;
    for (const { name, label } of classes) {
      const part = total > 0 ? (statuses[name] / total) * 100 : 0;
      const arc = this.#arcs.get(name);
      // A class with one answer among thousands is still to be seen.
      const seen = part > 0 ? Math.max(part, 0.8) : 0;
      arc.setAttribute("stroke-dasharray", `${seen} ${100 - seen}`);
      arc.setAttribute("stroke-dashoffset", String(-begin));
      arc.setAttribute("visibility", part > 0 ? "visible" : "hidden");
      begin += part;
      if (part > 0) words.push(`${label} ${share(part / 100)}`);
    }
    byID("ring").setAttribute("aria-label", `Answers: ${words.join(", ") || nothing}`);
  }

  /** The last minute of a series as a path. */
  static #spark(history, series) {
    const first = Math.max(history.length - sparkSamples, 0);
    let max = 0;
    for (let index = first; index < history.length; index += 1) {
      max = Math.max(max, history.value(series, index) || 0);
    }
    let path = "";
    let isDown = false;
    for (let index = first; index < history.length; index += 1) {
      const value = history.value(series, index);
      if (Number.isNaN(value)) {
        isDown = false;
        continue;
      }
      const x = index - history.length + sparkSamples;
      const y = 19 - (max > 0 ? value / max : 0) * 18;
      path += `${isDown && !history.isGapBefore(index) ? "L" : "M"}${x} ${y.toFixed(1)}`;
      isDown = true;
    }
    return path;
  }
}

/** Shows how the connection is; `lastAt` is when the last report was made, 0 for never. */
export function showConnection(state, reason, lastAt) {
  const words = { connecting: "connecting", live: "live", lost: "lost", locked: "locked" };
  byID("connection").dataset.state = state;
  setText(byID("connection-text"), words[state]);
  document.body.classList.toggle("stale", state !== "live");
  const banner = byID("banner");
  const isLost = state === "lost";
  if (isLost) {
    const last = lastAt > 0 ? `last data ${clock(lastAt)}` : "no data yet";
    setText(byID("banner-text"), `Connection to Gyre lost, ${last}, trying again`);
    setText(byID("banner-reason"), reason);
  }
  // Trying again is no reason to hide what is wrong until it has worked.
  if (isLost || state === "live" || state === "locked") banner.hidden = !isLost;
}
