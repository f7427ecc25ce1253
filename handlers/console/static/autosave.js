// Saves a form by itself a moment after its last change, and warns before unsaved words are left.
const draft = document.querySelector("form[data-autosave]");
const told = document.getElementById("saved");
const REST = 4000; // milliseconds without a change
let isUnsaved = "unsaved" in draft.dataset;
let isLeaving = false, isShut = false;
let timer, running = null;

function typed() {
  const values = new FormData();
  // Files go by their own button: sending them every few seconds would be slow.
  for (const [name, value] of new FormData(draft)) if (typeof value === "string") values.append(name, value);
  values.append("do", "autosave");
  return values;
}

function moveTo(address) {
  const old = new URL(draft.action).pathname;
  if (old === address) return;
  for (const button of draft.querySelectorAll("[formaction]")) {
    button.setAttribute("formaction", button.getAttribute("formaction").replace(old, address));
  }
  draft.setAttribute("action", address);
  history.replaceState(null, "", address);
}

async function send(keepalive) {
  isUnsaved = false; // what is typed from here on is unsaved again
  try {
    const answer = await fetch(draft.action, { method: "POST", body: typed(), redirect: "manual", keepalive });
    if (answer.type === "opaqueredirect" || answer.status === 403) {
      isShut = isUnsaved = true;
      told.textContent = draft.dataset.shut;
      return;
    }
    const said = await answer.json();
    told.textContent = said.said;
    if (!answer.ok) {
      isUnsaved = true;
      return;
    }
    draft.elements.revision.value = said.revision;
    moveTo(said.address);
  } catch {
    isUnsaved = true;
    told.textContent = draft.dataset.unreachable;
  }
}

function save(keepalive = false) {
  clearTimeout(timer);
  if (running || isShut || isLeaving || !isUnsaved) return;
  running = send(keepalive).finally(() => {
    running = null;
  });
}

function changed() {
  isUnsaved = true;
  clearTimeout(timer);
  timer = setTimeout(save, REST);
}

draft.addEventListener("input", changed);
draft.addEventListener("change", changed);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") save(true);
});
draft.addEventListener("submit", (event) => {
  if (running) {
    // The button goes after it, with the revision that it made.
    event.preventDefault();
    running.then(() => draft.requestSubmit(event.submitter));
    return;
  }
  clearTimeout(timer);
  isLeaving = true;
});
window.addEventListener("pageshow", () => {
  isLeaving = false;
});
window.addEventListener("beforeunload", (event) => {
  if (isUnsaved && !isLeaving) event.preventDefault();
});
