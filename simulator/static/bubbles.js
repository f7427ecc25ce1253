// One message of either side as the phone shows it.
import { both, el, picture, tappable } from "./elements.js";
import { drawFlex } from "./flex.js";

function templateButton(action, tap) {
  return el("button", { type: "button", class: "tp-button", testid: "template-button", text: action.label ?? "", click: () => tap(action) });
}

function card(data, look, tap) {
  const node = el("div", { class: "tp-card" });
  if (data.thumbnailImageUrl) {
    const frame = el("div", { class: `tp-picture tp-${look.imageAspectRatio ?? "rectangle"}` }, picture(data.thumbnailImageUrl));
    frame.firstChild.classList.add(look.imageSize === "contain" ? "fx-fit" : "fx-cover");
    if (data.imageBackgroundColor) frame.style.backgroundColor = data.imageBackgroundColor;
    node.append(tappable(frame, data.defaultAction, tap));
  }
  const words = el("div", { class: "tp-words" });
  if (data.title) words.append(el("div", { class: "tp-title", text: data.title }));
  words.append(el("div", { class: "tp-text", text: data.text ?? "" }));
  node.append(tappable(words, data.defaultAction, tap));
  node.append(el("div", { class: "tp-actions" }, ...(data.actions ?? []).map((action) => templateButton(action, tap))));
  return node;
}

function drawTemplate(template, tap) {
  if (template.type === "carousel") {
    return el("div", { class: "carousel", tabindex: "0" }, ...template.columns.map((column) => card(column, template, tap)));
  }
  if (template.type === "image_carousel") {
    return el("div", { class: "carousel", tabindex: "0" }, ...template.columns.map((column) => {
      const node = el("div", { class: "tp-image" }, picture(column.imageUrl), el("span", { text: column.action?.label ?? "" }));
      node.dataset.testid = "template-button";
      return tappable(node, column.action, tap);
    }));
  }
  const node = card(template, template, tap);
  if (template.type === "confirm") node.classList.add("tp-confirm");
  return node;
}

function spoken(message) {
  if (message.type === "textV2") return message.text.replace(/\{(\w+)\}/g, (whole, key) => (message.substitution?.[key]?.type === "emoji" ? "☺" : "@"));
  return message.text ?? "";
}

export function drawMessage(message, tap) {
  switch (message.type) {
    case "text":
    case "textV2":
      return el("div", { class: "words", text: spoken(message) });
    case "sticker": return el("div", { class: "sticker", role: "img", "aria-label": "sticker" }, el("span", { class: "planet" }));
    case "image":
      if (!message.originalContentUrl) return el("div", { class: "snapshot" }, ...both("รูปภาพ", "Picture"));
      return el("div", { class: "photo" }, picture(message.previewImageUrl ?? message.originalContentUrl));
    case "video": return el("div", { class: "snapshot" }, el("b", { text: "▶ " }), ...both("วิดีโอ", "Video"));
    case "audio": return el("div", { class: "words" }, el("b", { text: "▶ " }), el("span", { text: `${Math.round((message.duration ?? 0) / 1000)} s` }));
    case "location": return el("div", { class: "place" }, el("b", { text: message.title ?? "" }), el("span", { text: message.address ?? "" }));
    case "flex": return drawFlex(message.contents, tap);
    case "template": return drawTemplate(message.template, tap);
    default: return el("div", { class: "words", text: message.altText ?? `[${message.type}]` });
  }
}

const clock = new Intl.DateTimeFormat("th-TH", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Bangkok" });

export function drawBubble(bubble, tap) {
  const mine = bubble.who === "person";
  if (bubble.unsent) return el("div", { class: "notice" }, ...both("ยกเลิกการส่งข้อความแล้ว", "Message unsent"));
  const meta = el("div", { class: "meta" });
  if (mine && bubble.read) meta.append(el("span", { class: "read" }, ...both("อ่านแล้ว", "Read")));
  meta.append(el("time", { datetime: bubble.at, text: clock.format(new Date(bubble.at)) }));
  if (!mine) {
    meta.append(el("span", { class: bubble.paid ? "via paid" : "via", title: bubble.via },
      ...(bubble.paid ? both(`เสียเงิน · ${bubble.via}`, `paid · ${bubble.via}`) : both("ฟรี · reply", "free · reply"))));
  }
  const wide = bubble.message.type === "flex" || bubble.message.type === "template";
  const node = el("div", { class: `bubble ${mine ? "mine" : "theirs"}${wide ? " wide" : ""}`, testid: mine ? "bubble-person" : "bubble-bot" },
    el("div", { class: "said" }, drawMessage(bubble.message, tap)), meta);
  return node;
}
