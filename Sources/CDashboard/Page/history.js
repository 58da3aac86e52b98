// What was seen while the page is open: one sample for each report, in memory that does not grow.

/** Samples kept: an hour of them. */
export const samplesMax = 3600;
/** Between samples that are further apart, in milliseconds, nobody knows what was. */
export const gapMs = 2500;
/** Clocks are set; a step back that is longer begins a new history. */
const stepBackMs = 5000;

/** A ring of samples, each with the same named values. */
export class History {
  #times = new Float64Array(samplesMax);
  #values = new Map();
  #first = 0;
  #length = 0;
  /** When the process or its configuration became another one. */
  marks = [];

  constructor(names) {
    for (const name of names) this.#values.set(name, new Float64Array(samplesMax));
  }

  get length() {
    return this.#length;
  }

  /** When the newest sample was taken; 0 without one. */
  get newest() {
    return this.#length === 0 ? 0 : this.time(this.#length - 1);
  }

  /** The time of a sample; 0 is the oldest. */
  time(index) {
    return this.#times[(this.#first + index) % samplesMax];
  }

  /** A value of a sample; NaN where it was not measured. */
  value(name, index) {
    return this.#values.get(name)[(this.#first + index) % samplesMax];
  }

  /** Adds a sample; values that are missing become NaN. */
  push(at, sample) {
    if (at < this.newest - stepBackMs) this.#clear();
    if (at <= this.newest) return;
    const place = (this.#first + this.#length) % samplesMax;
    if (this.#length < samplesMax) this.#length += 1;
    else this.#first = (this.#first + 1) % samplesMax;
    this.#times[place] = at;
    for (const [name, values] of this.#values) values[place] = sample[name] ?? NaN;
    const oldest = this.time(0);
    while (this.marks.length > 0 && this.marks[0].at < oldest) this.marks.shift();
  }

  /** Remembers that something changed. */
  mark(at, text) {
    this.marks.push({ at, text });
  }

  /** The first sample that is not before a time. */
  indexFrom(at) {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time(middle) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The sample nearest to a time; -1 when none is within a gap of it. */
  indexNear(at) {
    const after = this.indexFrom(at);
    const near = [after - 1, after].filter((index) => index >= 0 && index < this.#length);
    const distance = (index) => Math.abs(this.time(index) - at);
    const best = near.reduce((a, b) => (a < 0 || distance(b) < distance(a) ? b : a), -1);
    return best >= 0 && distance(best) <= gapMs ? best : -1;
  }

  /** Whether nothing is known between a sample and the one before it. */
  isGapBefore(index) {
    return index > 0 && this.time(index) - this.time(index - 1) > gapMs;
  }

  #clear() {
    this.#first = 0;
    this.#length = 0;
    this.marks = [];
  }
}
