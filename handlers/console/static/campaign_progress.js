// Renews the moving part of the page while it says where to ask; it stops saying so at the end.
let live = document.getElementById("live");

async function renew() {
  const where = live.dataset.poll;
  if (!where) return;
  try {
    const answer = await fetch(where, { redirect: "error" });
    if (answer.ok) {
      const was = live.dataset.state;
      const hold = document.createElement("div");
      hold.innerHTML = await answer.text();
      const next = hold.querySelector("#live");
      if (next && next.innerHTML !== live.innerHTML && !live.contains(document.activeElement)) {
        live.replaceWith(next);
        live = next;
      }
      // Another state has other buttons above: the whole page is drawn anew.
      if (next && next.dataset.state !== was) { location.reload(); return; }
    }
  } catch {
    // The next turn asks again.
  }
  setTimeout(renew, 2000);
}

if (live?.dataset.poll) setTimeout(renew, 2000);
