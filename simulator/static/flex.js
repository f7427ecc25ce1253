// Flex Messages drawn after the rules of LINE's reference: layouts, weights, sizes, spacing.
import { el, picture, tappable } from "./elements.js";

const GAPS = { none: "0", xs: "2px", sm: "4px", md: "8px", lg: "12px", xl: "16px", xxl: "20px" };
const FONTS = { xxs: 11, xs: 13, sm: 14, md: 16, lg: 19, xl: 22, xxl: 29, "3xl": 35, "4xl": 48, "5xl": 74 };
const WIDTHS = { xxs: 40, xs: 60, sm: 80, md: 100, lg: 120, xl: 140, xxl: 160, "3xl": 180, "4xl": 200, "5xl": 220 };
const BORDERS = { none: "0", light: "0.5px", normal: "1px", medium: "2px", "semi-bold": "3px", bold: "4px" };
const BUBBLES = { nano: 120, micro: 160, deca: 220, hecto: 241, kilo: 260, mega: 300, giga: 386 };
const LINES = { top: "flex-start", center: "center", bottom: "flex-end" };
const SIDES = { start: "flex-start", center: "center", end: "flex-end" };

const gap = (value) => (value === undefined ? undefined : (GAPS[value] ?? value));
const font = (value) => (FONTS[value] ? `${FONTS[value]}px` : value);

function put(node, styles) {
  for (const [name, value] of Object.entries(styles)) {
    if (value !== undefined && value !== null) node.style[name] = value;
  }
}

function place(node, component) {
  if (component.position === "absolute") put(node, { position: "absolute" });
  else if (component.offsetTop || component.offsetBottom || component.offsetStart || component.offsetEnd) put(node, { position: "relative" });
  put(node, {
    top: gap(component.offsetTop),
    bottom: gap(component.offsetBottom),
    left: gap(component.offsetStart),
    right: gap(component.offsetEnd),
  });
}

// In a row children share the width by weight (1 unless told); in a column they keep their height.
function weigh(node, component, layout) {
  const across = layout !== "vertical";
  const fixed = across ? component.width : component.height;
  const usual = across && component.type !== "icon" && component.type !== "separator" ? 1 : 0;
  const weight = component.flex ?? (fixed ? 0 : usual);
  if (weight === 0) put(node, { flex: "none", maxWidth: across ? "100%" : undefined });
  else put(node, { flex: across ? `${weight} 1 0` : `${weight} 1 auto`, minWidth: across ? "0" : undefined });
}

function drawText(component, tap) {
  const node = el("div", { class: "fx-text" });
  put(node, {
    fontSize: font(component.size ?? "md"),
    color: component.color,
    fontWeight: component.weight === "bold" ? "700" : undefined,
    fontStyle: component.style === "italic" ? "italic" : undefined,
    textDecoration: component.decoration,
    textAlign: component.align,
    alignSelf: component.gravity ? undefined : undefined,
  });
  if (component.lineSpacing) put(node, { lineHeight: `calc(1.4em + ${component.lineSpacing})` });
  if (!component.wrap) node.classList.add("fx-one-line");
  else if (component.maxLines > 0) {
    node.classList.add("fx-clamped");
    node.style.setProperty("-webkit-line-clamp", String(component.maxLines));
  }
  if (component.contents?.length) {
    for (const span of component.contents) {
      const part = el("span", { text: span.text ?? "" });
      put(part, {
        fontSize: span.size ? font(span.size) : undefined,
        color: span.color,
        fontWeight: span.weight === "bold" ? "700" : span.weight === "regular" ? "400" : undefined,
        fontStyle: span.style === "italic" ? "italic" : undefined,
        textDecoration: span.decoration,
      });
      node.append(part);
    }
  } else node.textContent = component.text ?? "";
  return tappable(node, component.action, tap);
}

function ratio(value, usual) {
  const [width, height] = (value ?? usual).split(":");
  return `${width} / ${height}`;
}

function drawImage(component, tap, full) {
  const size = component.size ?? "md";
  const width = full || size === "full" ? "100%" : WIDTHS[size] ? `${WIDTHS[size]}px` : size;
  const frame = el("div", { class: "fx-picture" }, picture(component.url));
  put(frame, {
    width,
    maxWidth: "100%",
    aspectRatio: ratio(component.aspectRatio, "1:1"),
    backgroundColor: component.backgroundColor,
  });
  frame.firstChild.classList.add(component.aspectMode === "cover" ? "fx-cover" : "fx-fit");
  const node = el("div", { class: "fx-image" }, frame);
  put(node, { justifyContent: SIDES[component.align ?? "center"], alignItems: LINES[component.gravity ?? "top"] });
  return tappable(node, component.action, tap);
}

function drawIcon(component) {
  const node = picture(component.url);
  node.classList.add("fx-icon");
  put(node, { height: font(component.size ?? "md"), aspectRatio: ratio(component.aspectRatio, "1:1") });
  return node;
}

function drawButton(component, tap) {
  const style = component.style ?? "link";
  const node = el("button", {
    type: "button",
    class: `fx-button fx-${style} fx-${component.height ?? "md"}`,
    testid: "flex-button",
    text: component.action?.label ?? "",
    click: (event) => { event.stopPropagation(); tap(component.action); },
  });
  if (component.color) put(node, style === "link" ? { color: component.color } : { backgroundColor: component.color });
  return node;
}

function paint(node, box) {
  const gradient = box.background;
  put(node, {
    backgroundColor: box.backgroundColor,
    borderColor: box.borderColor,
    borderWidth: box.borderWidth ? (BORDERS[box.borderWidth] ?? box.borderWidth) : undefined,
    borderRadius: gap(box.cornerRadius),
    width: box.width,
    maxWidth: box.maxWidth,
    height: box.height,
    maxHeight: box.maxHeight,
    padding: gap(box.paddingAll),
    paddingTop: gap(box.paddingTop),
    paddingBottom: gap(box.paddingBottom),
    paddingLeft: gap(box.paddingStart),
    paddingRight: gap(box.paddingEnd),
    justifyContent: box.justifyContent,
    alignItems: box.layout === "baseline" ? undefined : box.alignItems,
  });
  if (gradient?.type === "linearGradient") {
    const middle = gradient.centerColor ? `${gradient.centerColor} ${gradient.centerPosition ?? "50%"}, ` : "";
    put(node, { backgroundImage: `linear-gradient(${gradient.angle}, ${gradient.startColor}, ${middle}${gradient.endColor})` });
  }
}

export function drawBox(box, tap) {
  const layout = box.layout ?? "vertical";
  const node = el("div", { class: `fx-box fx-${layout}` });
  paint(node, box);
  (box.contents ?? []).forEach((component, index) => {
    const child = draw(component, tap, layout);
    if (!child) return;
    weigh(child, component, layout);
    place(child, component);
    const space = component.margin ?? (index > 0 ? box.spacing : undefined);
    if (space && component.position !== "absolute") put(child, layout === "vertical" ? { marginTop: gap(space) } : { marginLeft: gap(space) });
    if (layout === "horizontal" && component.gravity && component.type !== "image") put(child, { alignSelf: LINES[component.gravity] });
    node.append(child);
  });
  return tappable(node, box.action, tap);
}

function draw(component, tap, layout) {
  switch (component.type) {
    case "box": return drawBox(component, tap);
    case "text": return drawText(component, tap);
    case "image": return drawImage(component, tap);
    case "icon": return drawIcon(component);
    case "button": return drawButton(component, tap);
    case "filler": return el("div", { class: "fx-filler" });
    case "separator": {
      const node = el("div", { class: layout === "vertical" ? "fx-line" : "fx-line fx-upright" });
      put(node, { backgroundColor: component.color });
      return node;
    }
    default: return null;
  }
}

function drawBlock(name, component, style, tap) {
  const node = el("div", { class: `fx-block fx-${name}` });
  put(node, { backgroundColor: style?.backgroundColor });
  if (style?.separator) {
    const line = el("div", { class: "fx-line" });
    put(line, { backgroundColor: style.separatorColor });
    node.append(line);
  }
  if (component.type === "box") {
    const box = drawBox(component, tap);
    if (component.paddingAll === undefined) box.classList.add(`fx-pad-${name}`);
    node.append(box);
  } else if (component.type === "image") node.append(drawImage(component, tap));
  else if (component.type === "video") node.append(drawImage({ url: component.previewUrl, size: "full", aspectRatio: component.aspectRatio, aspectMode: "cover", action: component.action }, tap));
  return node;
}

function drawBubble(bubble, tap) {
  const node = el("div", { class: "fx-bubble", dir: bubble.direction === "rtl" ? "rtl" : "ltr" });
  put(node, { width: `${BUBBLES[bubble.size ?? "mega"]}px` });
  for (const name of ["header", "hero", "body", "footer"]) {
    if (bubble[name]) node.append(drawBlock(name, bubble[name], bubble.styles?.[name], tap));
  }
  return tappable(node, bubble.action, tap);
}

export function drawFlex(container, tap) {
  if (container.type === "bubble") return drawBubble(container, tap);
  return el("div", { class: "carousel", tabindex: "0" }, ...container.contents.map((bubble) => drawBubble(bubble, tap)));
}
