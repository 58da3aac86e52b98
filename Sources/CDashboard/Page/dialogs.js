// What the page asks its reader, and what it tells after an order.

import { element, setText } from "./table.js";

const byID = (id) => document.getElementById(id);
/** Until a message that needs no care goes away. */
const messageMs = 8000;
const messagesMax = 4;

/** Asks for a yes. Gives false for a no, or for Escape. */
export function confirmed(title, text, action) {
  const dialog = byID("confirm");
  setText(byID("confirm-title"), title);
  setText(byID("confirm-text"), text);
  setText(byID("confirm-yes"), action);
  dialog.returnValue = "";
  return new Promise((resolve) => {
    const yes = () => dialog.close("yes");
    const no = () => dialog.close("");
    byID("confirm-yes").addEventListener("click", yes);
    byID("confirm-no").addEventListener("click", no);
    const closed = () => {
      byID("confirm-yes").removeEventListener("click", yes);
      byID("confirm-no").removeEventListener("click", no);
      resolve(dialog.returnValue === "yes");
    };
    dialog.addEventListener("close", closed, { once: true });
    dialog.showModal();
  });
}

/** Asks for the token until there is one. */
export function askToken(wasWrong) {
  const dialog = byID("token");
  const field = byID("token-field");
  setText(byID("token-error"), wasWrong ? "That token is not the right one." : "");
  field.value = "";
  return new Promise((resolve) => {
    const keep = (event) => event.preventDefault();
    const submit = (event) => {
      event.preventDefault();
      const token = field.value.trim();
      if (token === "") return;
      dialog.removeEventListener("cancel", keep);
      byID("token-form").removeEventListener("submit", submit);
      field.value = "";
      dialog.close();
      resolve(token);
    };
    // There is nothing to see behind it.
    dialog.addEventListener("cancel", keep);
    byID("token-form").addEventListener("submit", submit);
    dialog.showModal();
  });
}

/** Tells what came of something; what went wrong stays until it is dismissed. */
export function tell(text, isError = false) {
  const message = element("div", isError ? "message error" : "message");
  message.setAttribute("role", isError ? "alert" : "status");
  const close = element("button", "", "Dismiss");
  close.type = "button";
  close.addEventListener("click", () => message.remove());
  message.append(element("span", "", text), close);
  const host = byID("messages");
  host.append(message);
  while (host.children.length > messagesMax) host.firstElementChild.remove();
  if (!isError) setTimeout(() => message.remove(), messageMs);
}
