// The phone: asks for the state twice a second and draws what has changed.
import { both, el } from "./elements.js";
import { drawBubble } from "./bubbles.js";

const root = location.pathname.replace(/\/$/, "");
const at = (id) => document.getElementById(id);
const store = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* private window */ } },
};
let person = new URLSearchParams(location.search).get("person") ?? store.get("sim.person");
let version = null;
let drawn = new Map();
let menuOpen = true;
let menuId = null;
let chipsUsed = null;
let atEnd = true;

async function ask(path, body) {
  const answer = await fetch(`${root}/api/${path}`, body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) tell(found.error ?? `${answer.status}`, true);
  await refresh();
  return found;
}

let asking = Promise.resolve();
function refresh() {
  asking = asking.then(fetchState, fetchState);
  return asking;
}

async function fetchState() {
  const query = new URLSearchParams();
  if (person) query.set("person", person);
  if (version !== null) query.set("version", version);
  try {
    const answer = await fetch(`${root}/api/state?${query}`);
    if (!answer.ok) return;
    const state = await answer.json();
    if (state.people) show(state);
    else dots(state.loading);
  } catch { /* the server restarts; the next poll will tell */ }
}

let telling;
function tell(words, bad = false) {
  const node = at("status");
  node.textContent = words;
  node.classList.toggle("bad", bad);
  clearTimeout(telling);
  if (words && !words.startsWith("webhook:")) telling = setTimeout(() => { node.textContent = ""; }, 5000);
}

async function tap(action) {
  if (!action) return;
  let value;
  if (action.type === "datetimepicker") {
    value = await pick(action);
    if (!value) return;
  }
  if (action.type === "uri" && /^https?:/i.test(action.uri)) window.open(action.uri, "_blank", "noopener,noreferrer");
  if (action.type === "clipboard") {
    try { await navigator.clipboard.writeText(action.clipboardText); } catch { /* not allowed here */ }
  }
  await ask("tap", { person, action, value });
  if (action.type === "clipboard") tell(`คัดลอกแล้ว / copied: ${action.clipboardText}`);
  if (action.type === "uri") tell(action.uri);
}

function pick(action) {
  const dialog = at("picker");
  const input = at("picker-value");
  input.type = action.mode === "datetime" ? "datetime-local" : action.mode;
  input.value = (action.initial ?? "").replace("t", "T");
  input.min = action.min ?? "";
  input.max = action.max ?? "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok" ? input.value : null), { once: true });
  });
}

function show(state) {
  const changedPerson = state.person !== person || drawn.owner !== state.person;
  version = state.version;
  person = state.person;
  if (person) store.set("sim.person", person);
  showPeople(state);
  const room = at("room");
  const fresh = showRoom(state, changedPerson);
  showQuick(state);
  showMenu(state.richMenu);
  // Last, because chips and menu take height from the room.
  if (changedPerson || atEnd || (fresh && state.bubbles.at(-1)?.who === "person")) room.scrollTop = room.scrollHeight;
  showTools(state);
}

function initial(name) {
  return [...name.replace(/^[เแโใไ]/, "")][0] ?? "?";
}

function hue(id) {
  return (parseInt(id.slice(1, 7), 16) % 12) * 30;
}

function showPeople(state) {
  at("people").replaceChildren(...state.people.map((one) => {
    const face = el("span", { class: "face", "aria-hidden": "true", text: initial(one.name) });
    face.style.setProperty("--hue", hue(one.id));
    const standing = one.blocked ? both("บล็อกอยู่", "blocked") : one.friend ? both("เพื่อน", "friend") : both("ยังไม่ได้เพิ่ม", "not a friend");
    return el("li", {}, el("button", {
      type: "button", class: "person", testid: `person-${one.id}`,
      "aria-pressed": String(one.id === state.person),
      click: () => { person = one.id; version = null; setView("chat"); refresh(); },
    }, face, el("span", { class: "who" }, el("b", { text: one.name }), el("small", {}, ...standing, el("span", { text: ` · ${one.language ?? "–"}` })))));
  }));
  const one = state.people.find((other) => other.id === state.person);
  at("chat-as").replaceChildren(...(one ? both(`ในชื่อ ${one.name}`, `as ${one.name}`) : []));
  at("bot-name").textContent = state.bot;
  at("follow").hidden = !one || one.friend;
  at("follow").replaceChildren(...(one?.blocked ? both("เลิกบล็อก", "Unblock") : both("เพิ่มเพื่อน", "Add friend")));
  at("block").hidden = !one || !one.friend;
  const mute = !one || one.blocked;
  for (const control of at("composer").elements) control.disabled = mute;
  for (const control of at("attachments").children) control.disabled = mute;
}

const days = new Intl.DateTimeFormat("th-TH", { weekday: "short", day: "numeric", month: "short", timeZone: "Asia/Bangkok" });
const enDays = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "Asia/Bangkok" });

function showRoom(state, changedPerson) {
  const room = at("room");
  const known = changedPerson ? new Map() : drawn;
  const next = new Map();
  next.owner = state.person;
  const nodes = [];
  let day = null;
  let fresh = false;
  for (const bubble of state.bubbles) {
    const date = new Date(bubble.at);
    if (enDays.format(date) !== day) {
      day = enDays.format(date);
      nodes.push(el("div", { class: "notice" }, ...both(days.format(date), day)));
    }
    const key = `${bubble.id} ${bubble.read} ${bubble.unsent}`;
    const node = known.get(key) ?? drawBubble(bubble, tap);
    fresh ||= !known.has(key);
    next.set(key, node);
    nodes.push(node);
  }
  drawn = next;
  // Keep nodes that stay where they are, so that carousels keep their place.
  nodes.forEach((node, index) => { if (room.children[index] !== node) room.insertBefore(node, room.children[index] ?? null); });
  while (room.children.length > nodes.length) room.lastChild.remove();
  dots(state.loading);
  return fresh;
}

function dots(loading) {
  const room = at("room");
  const there = room.querySelector(".loading");
  if (loading && !there) {
    room.append(el("div", { class: "loading", role: "status", testid: "loading", "aria-label": "กำลังพิมพ์ / loading" }, el("i"), el("i"), el("i")));
    room.scrollTop = room.scrollHeight;
  } else if (!loading && there) there.remove();
}

// A tap takes the chips away, but for those that open something on the phone first.
function useChip(action, bubbleId) {
  if (!["camera", "cameraRoll", "location", "datetimepicker"].includes(action.type)) {
    chipsUsed = bubbleId;
    at("quick").hidden = true;
  }
  tap(action);
}

// LINE shows the quick replies of the last message only, and drops them when something follows.
function showQuick(state) {
  const last = state.bubbles.at(-1);
  const items = last?.who === "bot" && last.id !== chipsUsed ? (last.message.quickReply?.items ?? []) : [];
  const quick = at("quick");
  quick.hidden = items.length === 0;
  quick.replaceChildren(...items.map((item) => el("button", {
    type: "button", class: "chip", testid: "quick-reply", click: () => useChip(item.action, last.id),
  }, item.imageUrl ? el("img", { src: item.imageUrl, alt: "" }) : null, el("span", { text: item.action.label ?? "" }))));
}

function showMenu(menu) {
  at("menu").hidden = !menu;
  if (!menu) { menuId = null; return; }
  if (menu.id !== menuId) {
    if (menuId === null) menuOpen = Boolean(menu.selected);
    menuId = menu.id;
    const { width, height } = menu.size;
    const frame = at("menu-picture");
    frame.style.aspectRatio = `${width} / ${height}`;
    frame.replaceChildren(el("img", { src: `${root}/api/richmenu/${menu.id}`, alt: menu.chatBarText }), ...menu.areas.map((area, index) => {
      const spot = el("button", { type: "button", class: "menu-area", testid: "menu-area", "aria-label": area.action.label ?? `${index + 1}`, click: () => tap(area.action) });
      spot.style.left = `${(area.bounds.x / width) * 100}%`;
      spot.style.top = `${(area.bounds.y / height) * 100}%`;
      spot.style.width = `${(area.bounds.width / width) * 100}%`;
      spot.style.height = `${(area.bounds.height / height) * 100}%`;
      return spot;
    }));
  }
  at("menu-picture").hidden = !menuOpen;
  at("menu-bar").textContent = `${menu.chatBarText} ${menuOpen ? "▾" : "▴"}`;
  at("menu-bar").setAttribute("aria-expanded", String(menuOpen));
}

const seconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "Asia/Bangkok" });

function showTools(state) {
  at("free").textContent = state.free;
  at("paid").textContent = state.paid;
  at("quota").textContent = state.quota === null ? "" : ` / ${state.quota}`;
  const held = state.levers;
  pressed("hold", held.holding, held.held ? ` (${held.held})` : "");
  pressed("twice", held.twice, "");
  if (document.activeElement !== at("latency")) at("latency").value = held.latency;
  at("armed").replaceChildren(...held.armed.map((fault) => el("li", { text: `${fault.endpoint} → ${fault.kind}` })));
  if (state.delivery && state.delivery.reason !== "ok") tell(`webhook: ${state.delivery.reason} ${state.delivery.status ?? ""}`, true);
  else if (at("status").textContent.startsWith("webhook:")) tell("");
  at("calls").replaceChildren(...state.calls.toReversed().map((call) => {
    const bad = call.status >= 400;
    const line = el("li", { class: bad ? "call bad" : "call" },
      el("b", { text: String(call.status) }), el("span", { class: "endpoint", text: `${call.method} ${call.endpoint}` }),
      el("time", { text: seconds.format(new Date(call.at)) }),
      el("code", { text: call.id.slice(0, 8), title: call.id }));
    if (call.fault) line.append(el("em", { text: call.fault }));
    if (call.error) {
      line.append(el("p", { text: call.error.message ?? call.error.error ?? "" }));
      for (const detail of call.error.details ?? []) line.append(el("p", { class: "detail", text: `${detail.property}: ${detail.message}` }));
    }
    return line;
  }));
}

function pressed(lever, is, extra) {
  const node = document.querySelector(`[data-lever="${lever}"]`);
  node.setAttribute("aria-pressed", String(is));
  node.dataset.extra = extra;
}

function setView(view) {
  at("desk").dataset.view = view;
  for (const tab of document.querySelectorAll("[data-view][aria-pressed]")) tab.setAttribute("aria-pressed", String(tab.dataset.view === view));
}

function setLanguage(language) {
  document.documentElement.lang = language;
  document.documentElement.dataset.ui = language;
  at("message-input").placeholder = language === "th" ? "พิมพ์ข้อความ" : "Message";
  store.set("sim.ui", language);
}

async function send() {
  const input = at("message-input");
  const text = input.value;
  if (!text.trim()) return;
  input.value = "";
  grow();
  await ask("text", { person, text });
}

function grow() {
  const input = at("message-input");
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, 96)}px`;
}

at("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });
at("message-input").addEventListener("input", grow);
at("message-input").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
});
at("follow").addEventListener("click", () => ask("act", { person, act: "follow" }));
at("block").addEventListener("click", () => ask("act", { person, act: "block" }));
at("more").addEventListener("click", () => {
  at("attachments").hidden = !at("attachments").hidden;
  at("more").setAttribute("aria-expanded", String(!at("attachments").hidden));
});
function openMenu(open) { menuOpen = open; version = null; refresh(); }
at("menu-bar").addEventListener("click", () => openMenu(!menuOpen));
// As on a phone, where the keyboard takes the menu's place.
at("message-input").addEventListener("focus", () => { if (menuOpen) openMenu(false); });
at("latency").addEventListener("change", (event) => ask("lever", { person, lever: "latency", seconds: Number(event.target.value) || 0 }));
for (const button of document.querySelectorAll("[data-act]")) button.addEventListener("click", () => ask("act", { person, act: button.dataset.act }));
for (const button of document.querySelectorAll("[data-lever]")) button.addEventListener("click", () => ask("lever", { person, lever: button.dataset.lever, endpoint: at("fault-endpoint").value }));
for (const tab of document.querySelectorAll(".tabs [data-view]")) tab.addEventListener("click", () => setView(tab.dataset.view));
at("ui-language").addEventListener("click", () => setLanguage(document.documentElement.lang === "th" ? "en" : "th"));
at("add-person").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const added = await ask("people", { name: form.elements.name.value, language: form.elements.language.value || null });
  if (added.ok) { person = added.result; version = null; form.reset(); setView("chat"); refresh(); }
});

// Whoever reads the end keeps seeing the end, also when menu or attachments take their height.
at("room").addEventListener("scroll", (event) => {
  const room = event.currentTarget;
  atEnd = room.scrollHeight - room.scrollTop - room.clientHeight < 80;
}, { passive: true });
new ResizeObserver(() => { if (atEnd) at("room").scrollTop = at("room").scrollHeight; }).observe(at("room"));

setLanguage(store.get("sim.ui") === "en" ? "en" : "th");
refresh();
setInterval(refresh, 500);
