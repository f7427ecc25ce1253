"use strict";
// Bootstrap's dark colours hang on an attribute; what the screen wishes sets it before the page is drawn.
const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => { document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light"; };
dark.addEventListener("change", dress);
dress();
