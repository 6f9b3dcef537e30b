// Makes forms handier; every page reads, and every form works, without it.
"use strict";

(() => {
  for (const all of document.querySelectorAll("[data-all]")) {
    all.hidden = false;
    const boxes = () => all.form.querySelectorAll(`[name="${all.dataset.all}"]`);
    all.addEventListener("change", () => {
      for (const box of boxes()) box.checked = all.checked;
    });
    all.form.addEventListener("change", () => {
      const checked = [...boxes()].filter((box) => box.checked).length;
      all.checked = checked === boxes().length;
      all.indeterminate = checked > 0 && !all.checked;
    });
  }

  for (const file of document.querySelectorAll("[data-into]")) {  // a file's text, where it may be read first
    file.closest("[hidden]").hidden = false;
    file.addEventListener("change", async () => {
      const [chosen] = file.files;
      if (chosen) document.getElementById(file.dataset.into).value = await chosen.text();
    });
  }

  for (const form of document.querySelectorAll("form[data-sure]")) {
    form.addEventListener("submit", (event) => {
      if (!confirm(form.dataset.sure)) event.preventDefault();
    });
  }

  // What changes by itself is fetched anew, as a page; a document that is fetched so runs nothing

  const FRESH_MS = 5000;
  const fresh = () => [...document.querySelectorAll("[data-fresh]")];

  function renew() {
    if (document.visibilityState !== "visible") return;
    const asking = new XMLHttpRequest();
    asking.open("GET", location.href);
    asking.setRequestHeader("X-Fresh", "yes");
    asking.responseType = "document";
    asking.addEventListener("load", () => {
      if (asking.status === 401 || asking.status === 403) location.reload();
      if (asking.status !== 200 || !asking.response) return;
      for (const old of fresh()) {
        const made = asking.response.getElementById(old.id);
        if (made && !old.contains(document.activeElement)) old.replaceWith(document.adoptNode(made));
      }
    });
    asking.send();
  }

  if (fresh().length) setInterval(renew, FRESH_MS);
})();
