// The dashboard's start: what comes over the connection goes to the parts of the page.

import { Connection } from "./connection.js";
import { askToken, confirmed, tell } from "./dialogs.js";
import { clock, count, rate } from "./format.js";
import { Overview, showConnection } from "./overview.js";
import { Plots } from "./plots.js";
import { setText } from "./table.js";
import { Tables } from "./tables.js";
import { Upstreams } from "./upstreams.js";

const byID = (id) => document.getElementById(id);
/** A page that nobody has looked at for as long as its longest plot gives its connection up. */
const hiddenMs = 3600 * 1000;

const plots = new Plots(byID("plots"), byID("spans"), byID("cursor-time"));
const overview = new Overview();
const tables = new Tables();
const upstreams = new Upstreams(byID("upstreams"), byID("upstreams-note"), drain);
const connection = new Connection({ onReport: take, onState: show, askToken });
let latest = null;
let hiddenTimer = null;

function take(report) {
  plots.add(report);
  latest = report;
  draw();
}

/** A hidden page collects, and draws when it is looked at. */
function draw() {
  if (latest === null || document.hidden) return;
  document.body.classList.remove("empty");
  overview.update(latest, plots.history);
  plots.draw();
  upstreams.update(latest);
  tables.update(latest);
  setText(byID("updated"), `Last data ${clock(latest.atMs)}`);
  setTitle("live");
}

function show(state, reason = "") {
  showConnection(state, reason, latest?.atMs ?? 0);
  setTitle(state);
}

function setTitle(state) {
  const live = latest === null ? "Gyre" : `${rate(latest.second.requests)}/s \u00b7 Gyre`;
  document.title = state === "lost" ? "Connection lost \u00b7 Gyre" : live;
}

/** Takes an endpoint out of service, or back, when the reader says so. */
async function drain(endpoint, undrain) {
  const { id } = endpoint;
  const isSure = undrain
    ? await confirmed(`Undrain ${id}?`, "It gets new requests again.", "Undrain")
    : await confirmed(
        `Drain ${id}?`,
        "It gets no new requests. Those under way go on to their end.",
        "Drain",
      );
  if (!isSure) return;
  try {
    const outcome = await connection.order("v1/drain", { endpoint: id, undrain });
    if (outcome.verdict === "done" || outcome.verdict === "unchanged") {
      const left = outcome.remaining > 0 ? `; ${count(outcome.remaining)} still under way` : "";
      tell(undrain ? `${id} is back in service` : `${id} is draining${left}`);
    } else {
      tell(`${id}: ${outcome.reason ?? outcome.verdict}`, true);
    }
  } catch (error) {
    tell(`${id} could not be ${undrain ? "undrained" : "drained"}: ${error.message}`, true);
  }
}

async function loadConfiguration() {
  const text = byID("configuration-text");
  try {
    setText(text, await connection.text("v1/config"));
    setText(byID("configuration-note"), latest === null ? "" : `As of ${clock(Date.now())}`);
  } catch (error) {
    setText(byID("configuration-note"), `It could not be loaded: ${error.message}`);
  }
}

byID("configuration").addEventListener("toggle", (event) => {
  if (event.target.open) loadConfiguration();
});
byID("configuration-again").addEventListener("click", loadConfiguration);

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenTimer);
  if (document.hidden) {
    hiddenTimer = setTimeout(() => connection.stop(), hiddenMs);
  } else {
    connection.resume();
    draw();
  }
});

connection.run();
