// Light, dark, or as the system has it. Runs before the page is drawn, so that it never flashes.
"use strict";

(() => {
  const key = "gyre-theme";
  const themes = ["auto", "light", "dark"];
  const stored = () => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  let theme = themes.includes(stored()) ? stored() : "auto";

  const apply = () => {
    document.documentElement.dataset.theme = theme;
    const button = document.getElementById("theme");
    if (button !== null) {
      button.setAttribute("aria-label", `Colours: ${theme}. Change them`);
      button.title = `Colours: ${theme}`;
    }
  };
  apply();

  document.addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("theme").addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      try {
        localStorage.setItem(key, theme);
      } catch {
        // It then lasts as long as the page.
      }
      apply();
      document.dispatchEvent(new Event("themechange"));
    });
  });
})();
