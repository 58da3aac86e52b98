// The page's connection to Gyre: the stream of reports, and questions and orders beside it. All of
// it by fetch, because an EventSource cannot send a token.

const tokenKey = "gyre-token";
/** Silence after which the stream counts as lost; a report is due every second. */
const silenceMs = 3000;
/** Until an answer's head is there. */
const answerMs = 5000;
/** An order waits its turn behind others. */
const orderMs = 60_000;
const firstPauseMs = 500;
const lastPauseMs = 5000;
/** An event that is longer, in characters, is none of Gyre's. */
const eventMax = 32 << 20;

/** An answer that says no. */
export class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export class Connection {
  #onReport;
  #onState;
  #askToken;
  #abort = null;
  #lastNews = 0;
  #pauseMs = firstPauseMs;
  #isStopped = false;
  #wake = null;
  #asking = null;

  /**
   * onReport(report); onState(state, reason) with `connecting`, `live`, `lost` or `locked`;
   * askToken(wasWrong) gives a promise of a token.
   */
  constructor({ onReport, onState, askToken }) {
    this.#onReport = onReport;
    this.#onState = onState;
    this.#askToken = askToken;
    setInterval(() => this.#watch(), 500);
  }

  /** Keeps a stream open, for ever. */
  async run() {
    this.#onState("connecting");
    for (;;) {
      await this.#once();
      while (this.#isStopped) await this.#pause(lastPauseMs);
      await this.#pause(this.#pauseMs * (0.8 + 0.4 * Math.random()));
      this.#pauseMs = Math.min(this.#pauseMs * 2, lastPauseMs);
    }
  }

  /** Lets the stream go until `resume`. */
  stop() {
    this.#isStopped = true;
    this.#abort?.abort(new Error("the page was hidden for long"));
  }

  /** Tries at once when there is no stream. */
  resume() {
    this.#isStopped = false;
    this.#pauseMs = firstPauseMs;
    this.#wake?.();
  }

  /** The text of an answer. */
  async text(path) {
    const response = await this.#fetch(path, { signal: AbortSignal.timeout(answerMs) });
    return response.text();
  }

  /** Gives an order. What is refused with a report comes back like what is done. */
  async order(path, value) {
    const signal = AbortSignal.timeout(orderMs);
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify(value);
    const response = await this.#fetch(path, { method: "POST", headers, body, signal });
    return response.json();
  }

  async #once() {
    const abort = new AbortController();
    const late = () => abort.abort(new Error(`no answer within ${answerMs / 1000} s`));
    let timer = null;
    const wait = {
      begin: () => (timer = setTimeout(late, answerMs)),
      end: () => clearTimeout(timer),
    };
    this.#abort = abort;
    try {
      const response = await this.#fetch("v1/events", { signal: abort.signal }, wait);
      this.#lastNews = performance.now();
      await this.#read(response.body.getReader());
      this.#onState("lost", "Gyre ended the stream");
    } catch (error) {
      const reason = abort.signal.aborted ? abort.signal.reason : error;
      this.#onState("lost", reason instanceof Refusal ? reason.message : Connection.#said(reason));
    } finally {
      wait.end();
      abort.abort();
      this.#abort = null;
      this.#lastNews = 0;
    }
  }

  /** Browsers have their own words for a connection that failed. */
  static #said(error) {
    return error instanceof TypeError ? "nobody answers" : error.message;
  }

  /** Server-sent events (HTML, section 9.2), as Gyre writes them: no CR, one line of data. */
  async #read(reader) {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        this.#event(text.slice(0, end));
        text = text.slice(end + 2);
      }
      if (text.length > eventMax) throw new Error("an event has no end");
    }
  }

  #event(text) {
    const fields = new Map();
    for (const line of text.split("\n")) {
      const colon = line.indexOf(": ");
      if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2));
    }
    if (fields.get("event") !== "live") return;
    const report = JSON.parse(fields.get("data"));
    this.#lastNews = performance.now();
    this.#pauseMs = firstPauseMs;
    this.#onState("live");
    this.#onReport(report);
  }

  /** Ends a stream on which nothing comes. */
  #watch() {
    if (this.#lastNews === 0 || performance.now() - this.#lastNews < silenceMs) return;
    this.#lastNews = 0;
    this.#abort?.abort(new Error(`nothing came for ${silenceMs / 1000} s`));
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * Asks, and asks the reader for the token when Gyre wants one; the reader's time is not counted
   * by `wait`.
   */
  async #fetch(path, options, wait = null) {
    for (;;) {
      const token = sessionStorage.getItem(tokenKey);
      const headers = { ...options.headers };
      if (token !== null) headers.Authorization = `Bearer ${token}`;
      wait?.begin();
      const response = await fetch(path, { ...options, headers, cache: "no-store" });
      wait?.end();
      if (response.status !== 401) return Connection.#accepted(response);
      // Another question may have brought a token meanwhile.
      if (sessionStorage.getItem(tokenKey) === token) await this.#unlock(token !== null);
      if (options.signal?.aborted) throw options.signal.reason;
    }
  }

  async #unlock(wasWrong) {
    this.#onState("locked");
    this.#asking ??= this.#askToken(wasWrong).finally(() => (this.#asking = null));
    sessionStorage.setItem(tokenKey, await this.#asking);
  }

  static async #accepted(response) {
    const isReport = response.status === 404 || response.status === 409;
    if (response.ok) return response;
    const text = await response.text();
    let said = {};
    try {
      said = JSON.parse(text);
    } catch {
      // Not Gyre's: something between the two has answered.
    }
    if (isReport && said.verdict !== undefined) return new Response(text);
    throw new Refusal(response.status, said.error ?? `the answer is ${response.status}`);
  }
}
