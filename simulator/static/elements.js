// Small builders: text is always text, a class is a class, styles go through the CSSOM.

export function el(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "click") node.addEventListener("click", value);
    else if (name === "testid") node.dataset.testid = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function both(thai, english) {
  return [
    el("span", { lang: "th", class: "th", text: thai }),
    el("span", { lang: "en", class: "en", text: english }),
  ];
}

export function picture(url, alt = "") {
  const image = el("img", { src: url, alt, loading: "lazy", referrerpolicy: "no-referrer" });
  image.addEventListener("error", () => image.classList.add("missing"));
  return image;
}

export function tappable(node, action, tap) {
  if (!action || node.dataset.taps) return node;
  node.dataset.taps = "1";
  node.classList.add("tappable");
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  if (action.label) node.setAttribute("aria-label", action.label);
  node.addEventListener("click", (event) => {
    event.stopPropagation();
    tap(action);
  });
  node.addEventListener("keydown", (event) => {
    if (event.target === node && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      tap(action);
    }
  });
  return node;
}
