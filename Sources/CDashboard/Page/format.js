// Numbers and times as people read them. Pure.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const timeOfDay = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const hourAndMinute = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const dayAndTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** What stands where nothing was measured. */
export const nothing = "\u2013";

const isKnown = (value) => typeof value === "number" && Number.isFinite(value);

/** Three digits that count, without zeros behind the point that say nothing. */
function digits(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 99.95) return whole.format(value);
  if (size >= 9.995) return value.toFixed(1);
  return size >= 0.00995 ? value.toFixed(2) : value.toPrecision(1);
}

/** An exact count, with thousands apart. */
export const count = (value) => (isKnown(value) ? whole.format(value) : nothing);

/** Any amount: exact below 10,000, then with k, M or G. */
export function amount(value) {
  if (!isKnown(value)) return nothing;
  const size = Math.abs(value);
  if (size >= 1e9) return digits(value / 1e9) + "G";
  if (size >= 1e6) return digits(value / 1e6) + "M";
  if (size >= 1e4) return digits(value / 1e3) + "k";
  return Number.isInteger(value) ? whole.format(value) : digits(value);
}

/** What is counted over a second: no fractions of a request once there are ten. */
export function rate(value) {
  if (!isKnown(value)) return nothing;
  if (Math.abs(value) >= 1e6) return amount(value);
  return value >= 9.95 || Number.isInteger(value) ? whole.format(value) : value.toFixed(1);
}

/** Microseconds, in the unit that suits them. */
export function micro(value) {
  if (!isKnown(value)) return nothing;
  if (value >= 999_500) return digits(value / 1e6) + " s";
  if (value >= 999.5) return digits(value / 1e3) + " ms";
  return digits(value) + " \u00b5s";
}

/** Bytes, by powers of 1,024. */
export function bytes(value) {
  if (!isKnown(value)) return nothing;
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  let rest = value;
  while (rest >= 1023.5 && unit < units.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return (unit === 0 ? whole.format(rest) : digits(rest)) + " " + units[unit];
}

/** A share of one as a percentage. */
export function share(value) {
  if (!isKnown(value)) return nothing;
  const percent = value * 100;
  if (percent === 0) return "0%";
  if (percent < 0.01) return "<0.01%";
  return (percent >= 99.95 ? whole.format(percent) : percent.toFixed(percent < 1 ? 2 : 1)) + "%";
}

/** Processors: 1 is a whole one. */
export const processors = (value) => (isKnown(value) ? value.toFixed(2) : nothing);

/** Milliseconds as the two largest units that are not zero. */
export function duration(milliseconds) {
  if (!isKnown(milliseconds)) return nothing;
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [
    [Math.floor(seconds / 86400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([size]) => size > 0);
  if (first < 0) return "0 s";
  return parts.slice(first, first + 2).map(([size, unit]) => `${size} ${unit}`).join(" ");
}

/** A time of day of the reader's zone; `at` is in milliseconds since the epoch. */
export const clock = (at) => (isKnown(at) ? timeOfDay.format(at) : nothing);

export const minute = (at) => hourAndMinute.format(at);

/** The day as well, where it may be another one than today. */
export const moment = (at) => (isKnown(at) ? dayAndTime.format(at) : nothing);
