// One plot over time: lines or a stack of areas on a canvas, with a legend of real text. What it
// shows under the cursor, and the cursor itself, it shares with the other plots.

import { minute } from "./format.js";
import { element, setText } from "./table.js";

const margin = { left: 46, right: 8, top: 8, bottom: 20 };
const heightPx = 168;
const steps = [1, 2, 5];

/** The steps of 1, 2 or 5 times a power of ten around a value. */
function stepAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return (steps.find((step) => step * power >= value * 0.999) ?? 10) * power;
}

function stepBelow(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return (steps.findLast((step) => step * power <= value * 1.001) ?? 1) * power;
}

/** A label without zeros behind the point. */
const shorter = (text) => text.replace(/\.0+(?=\D|$)/, "");

/** Maps values from 0 up; at most five lines. */
function linearScale(max, least) {
  const top = Math.max(max, least);
  const step = stepAbove(top / 4);
  const end = Math.ceil(top / step - 0.001) * step;
  const ticks = [];
  for (let tick = 0; tick <= end + step / 2; tick += step) ticks.push(tick);
  return { part: (value) => value / end, ticks };
}

/** Maps by logarithm, for what is of several orders of magnitude. */
function logScale(min, max) {
  const low = stepBelow(Math.max(min, 1));
  const high = Math.max(stepAbove(max), low * 10);
  const span = Math.log(high / low);
  const ticks = [];
  for (let tick = low; tick <= high * 1.001; tick = stepAbove(tick * 1.01)) ticks.push(tick);
  const every = Math.ceil(ticks.length / 6);
  return {
    part: (value) => Math.log(Math.max(value, low) / low) / span,
    ticks: ticks.filter((_, index) => index % every === 0),
  };
}

export class Plot {
  #series;
  #options;
  #canvas = element("canvas");
  #values = new Map();
  #swatches = new Map();

  /**
   * Series: `{name, label, color}`, where `name` is the history's and `color` a class. Options:
   * `title`, `format(value)`, `isStacked`, `isLogarithmic`, `least` for the top of the scale.
   * `onCursor(part)` gets where the reader points, of the time that is shown; `null` nowhere.
   */
  constructor(host, series, options, onCursor) {
    this.#series = series;
    this.#options = options;
    const figure = element("figure", "plot");
    const caption = element("figcaption");
    caption.append(element("h3", "", options.title));
    const legend = element("ul", "legend");
    for (const { name, label, color } of series) {
      const item = element("li");
      const swatch = element("i", `swatch ${color}`);
      const value = element("b");
      item.append(swatch, element("span", "", label), value);
      legend.append(item);
      this.#values.set(name, value);
      this.#swatches.set(name, swatch);
    }
    caption.append(legend);
    this.#canvas.tabIndex = 0;
    this.#canvas.setAttribute("role", "img");
    figure.append(caption, this.#canvas);
    host.append(figure);
    this.#follow(onCursor);
  }

  #follow(onCursor) {
    const canvas = this.#canvas;
    let part = null;
    const move = (next) => {
      part = next === null ? null : Math.min(Math.max(next, 0), 1);
      onCursor(part);
    };
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      const width = box.width - margin.left - margin.right;
      move((event.clientX - box.left - margin.left) / width);
    });
    canvas.addEventListener("pointerleave", () => move(null));
    canvas.addEventListener("blur", () => move(null));
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.01, ArrowRight: 0.01 }[event.key];
      if (step !== undefined) move((part ?? 1) + step * (event.shiftKey ? 10 : 1));
      else if (event.key === "Escape") move(null);
      else return;
      event.preventDefault();
    });
  }

  /** Draws what a history has between two times; `cursorAt` is a time or `null`. */
  draw(history, from, to, cursorAt) {
    const { context, width, height } = this.#prepare();
    if (width <= margin.left + margin.right) return;
    const first = Math.max(history.indexFrom(from) - 1, 0);
    const scale = this.#scale(history, first);
    const box = {
      left: margin.left,
      right: width - margin.right,
      top: margin.top,
      bottom: height - margin.bottom,
    };
    const x = (at) => box.left + ((at - from) / (to - from)) * (box.right - box.left);
    const y = (value) => box.bottom - scale.part(value) * (box.bottom - box.top);
    this.#drawGrid(context, box, scale, y, from, to, x);
    context.save();
    context.beginPath();
    context.rect(box.left, 0, box.right - box.left, box.bottom + 1);
    context.clip();
    this.#drawMarks(context, box, history.marks, x);
    if (this.#options.isStacked) this.#drawStack(context, history, first, x, y);
    else this.#drawLines(context, history, first, x, y);
    const index = cursorAt === null ? history.length - 1 : history.indexNear(cursorAt);
    if (cursorAt !== null) this.#drawCursor(context, box, x(cursorAt));
    context.restore();
    this.#tell(history, first, index, cursorAt !== null);
  }

  /** The canvas in the pixels of the screen. */
  #prepare() {
    const ratio = window.devicePixelRatio || 1;
    const width = this.#canvas.clientWidth;
    const pixels = [Math.round(width * ratio), Math.round(heightPx * ratio)];
    if (this.#canvas.width !== pixels[0] || this.#canvas.height !== pixels[1]) {
      [this.#canvas.width, this.#canvas.height] = pixels;
    }
    const context = this.#canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, heightPx);
    context.font = `11px ${getComputedStyle(this.#canvas).fontFamily}`;
    return { context, width, height: heightPx };
  }

  #scale(history, first) {
    let [min, max] = [Infinity, 0];
    for (let index = first; index < history.length; index += 1) {
      let sum = 0;
      for (const { name } of this.#series) {
        const value = history.value(name, index);
        if (Number.isNaN(value)) continue;
        sum += value;
        if (value > 0) min = Math.min(min, value);
        if (!this.#options.isStacked) max = Math.max(max, value);
      }
      if (this.#options.isStacked) max = Math.max(max, sum);
    }
    if (!this.#options.isLogarithmic) return linearScale(max, this.#options.least ?? 1);
    return max > 0 ? logScale(min, max) : logScale(100, 10_000);
  }

  #drawGrid(context, box, scale, y, from, to, x) {
    const style = getComputedStyle(this.#canvas);
    context.strokeStyle = style.borderTopColor;
    context.fillStyle = style.color;
    context.lineWidth = 1;
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const tick of scale.ticks) {
      const place = Math.round(y(tick)) + 0.5;
      context.beginPath();
      context.moveTo(box.left, place);
      context.lineTo(box.right, place);
      context.stroke();
      context.fillText(shorter(this.#options.format(tick)), box.left - 6, place);
    }
    context.textBaseline = "alphabetic";
    context.textAlign = "center";
    const span = to - from;
    const step = [15, 30, 60, 120, 300, 600, 900, 1800].find((s) => (span / s) * 1e-3 <= 6) ?? 3600;
    const stepMs = step * 1000;
    for (let at = Math.ceil(from / stepMs) * stepMs; at < to; at += stepMs) {
      const text = step < 60 ? minute(at) + new Date(at).toISOString().slice(16, 19) : minute(at);
      const half = context.measureText(text).width / 2;
      if (x(at) - half < box.left - 8 || x(at) + half > box.right + 8) continue;
      context.fillText(text, x(at), box.bottom + 15);
    }
  }

  #drawMarks(context, box, marks, x) {
    context.strokeStyle = getComputedStyle(this.#canvas).color;
    context.setLineDash([2, 3]);
    for (const { at } of marks) {
      context.beginPath();
      context.moveTo(Math.round(x(at)) + 0.5, box.top);
      context.lineTo(Math.round(x(at)) + 0.5, box.bottom);
      context.stroke();
    }
    context.setLineDash([]);
  }

  #color(name) {
    return getComputedStyle(this.#swatches.get(name)).color;
  }

  #drawLines(context, history, first, x, y) {
    context.lineJoin = "round";
    // The first series is the one to see: it is drawn last, and wider.
    for (const [order, { name }] of [...this.#series.entries()].reverse()) {
      context.strokeStyle = this.#color(name);
      context.lineWidth = order === 0 ? 2 : 1.5;
      context.beginPath();
      let isDown = false;
      for (let index = first; index < history.length; index += 1) {
        const value = history.value(name, index);
        if (Number.isNaN(value)) {
          isDown = false;
          continue;
        }
        const place = [x(history.time(index)), y(value)];
        if (isDown && !history.isGapBefore(index)) context.lineTo(...place);
        else {
          context.moveTo(...place);
          // A sample alone would be a line without length.
          context.lineTo(place[0] + 0.5, place[1]);
        }
        isDown = true;
      }
      context.stroke();
    }
  }

  #drawStack(context, history, first, x, y) {
    for (let start = first; start < history.length; ) {
      let end = start + 1;
      while (end < history.length && !history.isGapBefore(end)) end += 1;
      this.#drawAreas(context, history, start, end, x, y);
      start = end;
    }
  }

  /** The areas of samples without a gap between them. */
  #drawAreas(context, history, start, end, x, y) {
    let floor = new Float64Array(end - start);
    for (const { name } of this.#series) {
      const top = floor.map((sum, at) => sum + (history.value(name, start + at) || 0));
      context.fillStyle = this.#color(name);
      context.beginPath();
      for (let at = 0; at < top.length; at += 1) {
        context.lineTo(x(history.time(start + at)), y(top[at]));
      }
      for (let at = top.length - 1; at >= 0; at -= 1) {
        context.lineTo(x(history.time(start + at)), y(floor[at]));
      }
      context.closePath();
      context.globalAlpha = 0.82;
      context.fill();
      context.globalAlpha = 1;
      floor = top;
    }
  }

  #drawCursor(context, box, place) {
    context.strokeStyle = getComputedStyle(this.#canvas).outlineColor;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(Math.round(place) + 0.5, box.top);
    context.lineTo(Math.round(place) + 0.5, box.bottom);
    context.stroke();
  }

  /** Says the values in the legend, and to who cannot see the plot. */
  #tell(history, first, index, isPast) {
    const { format, title } = this.#options;
    const spoken = [];
    for (const { name, label } of this.#series) {
      const text = format(index < 0 ? NaN : history.value(name, index));
      setText(this.#values.get(name), text);
      spoken.push(`${label} ${text}`);
    }
    const when = isPast ? "at the cursor" : "now";
    this.#canvas.setAttribute("aria-label", `${title}, ${when}: ${spoken.join(", ")}`);
  }
}
