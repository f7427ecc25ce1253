"use strict";
// Comfort only: every page is complete without it.
for (const button of document.querySelectorAll("[data-copies]")) {
  const target = document.getElementById(button.dataset.copies);
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(target.textContent);
      button.textContent = button.dataset.said;
      setTimeout(() => { button.textContent = label; }, 2000);
    } catch {
      getSelection().selectAllChildren(target);
    }
  });
}
for (const button of document.querySelectorAll("[data-shows]")) {
  const fields = button.dataset.shows.split(" ").map((id) => document.getElementById(id)).filter(Boolean);
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", () => {
    const isHidden = fields[0].type === "password";
    for (const field of fields) field.type = isHidden ? "text" : "password";
    button.textContent = isHidden ? button.dataset.said : label;
  });
  button.form?.addEventListener("submit", () => {
    for (const field of fields) field.type = "password";
  });
}
// Whoever stays signed in asked not to be asked: the button is for browsers without this.
document.querySelector("form[data-sends]")?.submit();
// Back and reload would send a form again, e.g. to a spent one-time link: they get this address instead.
const after = document.querySelector("[data-after]")?.dataset.after;
if (after) history.replaceState(null, "", after);
// A download leaves its page standing: what was wrong before it is wrong no more.
for (const form of document.querySelectorAll("form[data-downloads]")) {
  form.addEventListener("submit", () => setTimeout(() => {
    form.reset();
    for (const wrong of form.querySelectorAll(".bad")) wrong.remove();
    for (const field of form.querySelectorAll("[aria-invalid]")) {
      for (const name of ["aria-invalid", "aria-describedby"]) field.removeAttribute(name);
    }
    form.querySelector("[role=status]").hidden = false;
  }));
}
// A page kept for the Back button is asked for again, so that nothing shows after Log Out.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  if (after) location.replace(after);
  else location.reload();
});
