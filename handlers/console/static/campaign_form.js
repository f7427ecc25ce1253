// Two comforts of the announcement's form: the audience counts itself, a chosen picture goes in.
const form = document.getElementById("campaign");
const place = document.getElementById("count");
const COUNTED = new Set(["topic", "channels", "language", "course", "active_days", "quiet_days", "tags"]);
let waiting, asked = 0;

async function count() {
  const values = new FormData();
  for (const [name, value] of new FormData(form)) {
    if (COUNTED.has(name) || name === "token") values.append(name, value);
  }
  const mine = (asked += 1);
  try {
    const answer = await fetch(form.dataset.count, { method: "POST", body: values, redirect: "error" });
    if (answer.ok && mine === asked) place.innerHTML = await answer.text();
  } catch {
    // Without an answer the button still counts.
  }
}

form.addEventListener("change", (event) => {
  if (COUNTED.has(event.target.name)) {
    clearTimeout(waiting);
    waiting = setTimeout(count, 300);
  }
  if ("upload" in event.target.dataset && event.target.files.length) {
    form.requestSubmit(event.target.parentElement.querySelector("button"));
  }
});
