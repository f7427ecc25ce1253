// The language of the page, kept where the phone keeps it.
const KEY = "sim.ui";
function set(language) {
  document.documentElement.lang = language;
  document.documentElement.dataset.ui = language;
}
try { set(localStorage.getItem(KEY) === "en" ? "en" : "th"); } catch { set("th"); }
document.getElementById("ui-language").addEventListener("click", () => {
  set(document.documentElement.lang === "th" ? "en" : "th");
  try { localStorage.setItem(KEY, document.documentElement.lang); } catch { /* private window */ }
});
