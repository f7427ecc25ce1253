// Hands a passkey's answer to a form. Without this script the form stays hidden, and codes do.
"use strict";
const bytes = (text) => Uint8Array.from(
  atob(text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=")),
  (symbol) => symbol.charCodeAt(0),
);
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function wanted(options) {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const name of ["allowCredentials", "excludeCredentials"]) {
    for (const one of options[name] ?? []) one.id = bytes(one.id);
  }
  return { publicKey: options };
}

function said(found) {
  const response = { clientDataJSON: text(found.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (found.response[name]) response[name] = text(found.response[name]);
  }
  return JSON.stringify({ id: found.id, rawId: text(found.rawId), type: found.type, response });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.querySelector("button").addEventListener("click", async () => {
    const failed = form.querySelector("[data-failed]");
    failed.hidden = true;
    try {
      const ask = wanted(JSON.parse(form.dataset.options));
      form.elements.credential.value = said(await navigator.credentials[form.dataset.passkey](ask));
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}
