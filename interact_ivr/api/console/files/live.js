// Keeps the page of what happens: batches come by server-sent events, and are drawn once a frame.
"use strict";

(() => {
  const MOST_ROWS = 200, SECONDS = 120, MINUTE = 60, AGAIN_MS = 1000, LOST_AFTER_MS = 45000;
  const at = (id) => document.getElementById(id);
  const rows = at("rows"), link = at("link"), live = at("live");
  const counts = {};  // what: by second, the latest last
  for (const figure of document.querySelectorAll("[data-rate]")) {
    counts[figure.dataset.rate] = new Array(SECONDS).fill(0);
  }
  let waiting = [], lost = 0, drawn = 0, second = Math.floor(Date.now() / 1000), paused = false;
  let source = null, heard = performance.now(), known = new Set();

  // Drawing: as often as the screen is, however much comes

  function cell(row, ...content) {
    const made = document.createElement("td");
    made.append(...content);
    row.append(made);
  }

  function anchor(text, query, className) {
    if (!text) return "";
    const made = document.createElement("a");
    made.textContent = text;
    made.href = `${live.dataset.journal}?${new URLSearchParams(query)}`;
    if (className) made.className = className;
    return made;
  }

  function row(told) {
    const made = document.createElement("tr"), when = document.createElement("time");
    const state = document.createElement("span");
    made.dataset.what = told.what;
    when.dateTime = told.at;
    when.textContent = told.at.slice(0, 19).replace("T", " ");
    state.className = `state ${told.what.replace(/[^a-z]/g, "-")}`;
    state.textContent = told.what;
    cell(made, when);
    cell(made, state);
    cell(made, anchor(told.number, { number: told.number }, "number"));
    cell(made, anchor(told.interaction, { interaction: told.interaction }));
    cell(made, anchor(told.call, { call: told.call || "" }));
    made.hidden = !wanted(told.what);
    return made;
  }

  function draw() {
    drawn = 0;
    if (paused) return;
    const fresh = waiting.slice(-MOST_ROWS).reverse().map(row);
    waiting = [];
    rows.prepend(...fresh);
    while (rows.rows.length > MOST_ROWS) rows.deleteRow(-1);
    if (at("none")) at("none").hidden = true;
    at("lost").hidden = !lost;
    at("lost").textContent = `${lost} happenings came too fast to be shown; the journal has them.`;
  }

  function show(told) {
    waiting = waiting.concat(told).slice(-MOST_ROWS);
    if (!drawn) drawn = requestAnimationFrame(draw);
  }

  function take(batch) {
    lost += batch.lost;
    for (const told of batch.told) {
      const what = told.what === "lent early" ? "allocated" : told.what;
      if (counts[what]) counts[what][SECONDS - 1] += 1;
    }
    show(batch.told.filter((told) => !known.has(keyOf(told))));
  }

  // What happened while there was no stream: the page was on its way, or the service away

  function keyOf(told) {
    return [Date.parse(told.at), told.what, told.number, told.interaction].join(" ");
  }

  function keyOfRow(row) {
    const [when, , number, interaction] = row.cells, text = (cell) => cell.textContent.trim();
    const at = when.querySelector("time").dateTime;
    return keyOf({ at, what: row.dataset.what, number: text(number), interaction: text(interaction) });
  }

  function catchUp(before) {
    known = new Set(before.map(keyOf));
    const there = new Set([...rows.rows].map(keyOfRow).concat(waiting.map(keyOf)));
    show(before.filter((told) => !there.has(keyOf(told))));
  }

  // Counting

  function line(values, most) {
    return values.map((value, x) => `${x ? "L" : "M"}${x} ${58 - (56 * value) / most}`).join("");
  }

  function tick() {
    const now = Math.floor(Date.now() / 1000);
    for (; second < now; second += 1) {
      for (const values of Object.values(counts)) { values.shift(); values.push(0); }
    }
    for (const figure of document.querySelectorAll("[data-rate]")) {
      const sum = counts[figure.dataset.rate].slice(-MINUTE).reduce((a, b) => a + b, 0);
      figure.textContent = sum.toLocaleString("en");
    }
    const most = Math.max(1, ...counts.allocated, ...counts.retrieved);
    at("pulse-allocated").setAttribute("d", line(counts.allocated, most));
    at("pulse-retrieved").setAttribute("d", line(counts.retrieved, most));
    at("pulse-most").textContent = String(most);
    if (performance.now() - heard > LOST_AFTER_MS) { stand(false); listen(); }
  }

  // Choosing

  function wanted(what) {
    const box = at("choices").querySelector(`[value="${CSS.escape(what)}"]`);
    return !box || box.checked;
  }

  at("choices").addEventListener("change", () => {
    for (const each of rows.rows) each.hidden = !wanted(each.dataset.what);
  });
  at("pause").addEventListener("click", () => {
    paused = !paused;
    at("pause").setAttribute("aria-pressed", String(paused));
    at("pause").textContent = paused ? "Go on" : "Pause";
    if (!paused) draw();
  });

  // The stream

  function stand(on) {
    link.hidden = false;
    link.classList.toggle("on", on);
    link.classList.toggle("lost", !on);
    at("link-said").textContent = on ? "live" : "reconnecting";
  }

  function listen() {
    if (source) source.close();
    heard = performance.now();
    source = new EventSource(live.dataset.events);
    source.addEventListener("open", () => { heard = performance.now(); stand(true); });
    source.addEventListener("alive", () => { heard = performance.now(); });
    source.addEventListener("before", (event) => catchUp(JSON.parse(event.data)));
    source.addEventListener("happened", (event) => {
      heard = performance.now();
      take(JSON.parse(event.data));
    });
    source.addEventListener("error", () => {
      stand(false);
      if (source.readyState === EventSource.CLOSED) setTimeout(ask, AGAIN_MS);
    });
  }

  async function ask() {  // a stream does not say why it was refused
    try {
      const answer = await fetch(live.dataset.events, { method: "HEAD", cache: "no-store" });
      if (answer.status === 401 || answer.status === 403) return location.reload();
    } catch {
      // the service is away; it is asked again
    }
    listen();
  }

  for (const id of ["rates", "choices", "pause"]) at(id).hidden = false;
  setInterval(tick, 1000);
  tick();
  listen();
})();
