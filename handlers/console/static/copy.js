// A button that copies a field. Without this script it stays hidden, and the field is selected.
"use strict";
for (const button of document.querySelectorAll("[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = button.dataset.said;
      setTimeout(() => { button.textContent = label; }, 2000);
    } catch {
      // It is selected: the keyboard or a long press copies it.
    }
  });
}
