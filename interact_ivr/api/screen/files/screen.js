// Keeps an agent's page as the service tells it: what is shown comes rendered, and is put in place.
"use strict";

(() => {
  const AGAIN_MS = 3000, RING_MS = 3000, LOST_AFTER_MS = 45000;
  const at = (id) => document.getElementById(id);
  const board = at("board"), link = at("link"), said = at("said");
  const address = document.body.dataset.events;
  const name = document.title;
  const icons = at("icon").getAttribute("href");
  const rendered = window.trustedTypes
    ? trustedTypes.createPolicy("board", { createHTML: (html) => html })
    : { createHTML: (html) => html };
  let shown = "", arrived = performance.now(), spoken = "";

  // What is shown

  function put(html) {
    arrived = performance.now();
    if (html !== shown) {
      shown = html;
      const focused = document.activeElement && document.activeElement.id;
      board.innerHTML = rendered.createHTML(html);
      if (focused && document.activeElement === document.body && at(focused)) at(focused).focus();
    }
    settle();
  }

  function settle() {
    const call = at("call").dataset;
    for (const time of board.querySelectorAll("time")) {
      const when = new Date(time.dateTime);
      time.textContent = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      time.title = when.toLocaleString();
    }
    if (at("copy")) at("copy").hidden = false;
    const marks = { ringing: "\u260e ", talking: "\u25cf ", held: "\u2016 " };
    document.title = call.state === "none" ? name : `${marks[call.state]}${call.summary} \u00b7 ${name}`;
    at("icon").href = icons.replace("none", call.state);
    const now = `${call.state} ${call.call} ${call.interaction}`;
    if (now !== spoken) {
      spoken = now;
      said.textContent = call.summary;
      notify(call);
      ring(call.state === "ringing");
    }
    tick();
  }

  function tick() {
    const clock = board.querySelector("[data-clock]");
    if (!clock) return;
    const seconds = Number(clock.dataset.clock) + Math.floor((performance.now() - arrived) / 1000);
    const two = (number) => String(number).padStart(2, "0");
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    clock.textContent = hours
      ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
      : `${minutes}:${two(seconds % 60)}`;
  }

  // The stream

  let source = null, heard = performance.now();

  function stand(live) {
    link.hidden = false;
    link.classList.toggle("lost", !live);
    document.body.classList.toggle("stale", !live);
    at("link-said").textContent = live ? "live" : "reconnecting";
  }

  function listen() {
    if (source) source.close();
    heard = performance.now();
    source = new EventSource(address);
    source.addEventListener("open", () => { heard = performance.now(); stand(true); });
    source.addEventListener("alive", () => { heard = performance.now(); });
    source.addEventListener("board", (event) => {
      heard = performance.now();
      stand(true);
      put(event.data);
    });
    source.addEventListener("error", () => {
      stand(false);
      if (source.readyState === EventSource.CLOSED) setTimeout(ask, AGAIN_MS);
    });
  }

  async function ask() {  // a stream does not say why it was refused
    try {
      const answer = await fetch(address, { method: "HEAD", cache: "no-store" });
      if (answer.status === 401 || answer.status === 403) return location.reload();
    } catch {
      // the service is away; it is asked again
    }
    listen();
  }

  // Notification and sound, each if it is wanted and allowed

  const wanted = (what) => localStorage.getItem(what) === "yes";
  let notice = null, audio = null, ringing = 0;

  function toggle(button, what, pressed) {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(wanted(what)));
    button.addEventListener("click", async () => {
      const on = !wanted(what) && (await pressed());
      localStorage.setItem(what, on ? "yes" : "no");
      button.setAttribute("aria-pressed", String(on));
      ring(on && at("call").dataset.state === "ringing");
    });
  }

  function notify(call) {
    if (notice) notice.close();
    notice = null;
    const may = "Notification" in window && Notification.permission === "granted";
    if (call.state !== "ringing" || !may || !wanted("notify") || document.hasFocus()) return;
    notice = new Notification(call.interaction || "No interaction", {
      body: `${call.summary}\n${name}`, tag: `interact ${name}`, icon: at("icon").href,
    });
    notice.addEventListener("click", () => { window.focus(); notice.close(); });
  }

  function tone() {
    if (!audio || audio.state !== "running") return;
    [[659, 0], [880, 0.18]].forEach(([pitch, after]) => {
      const [voice, gain] = [audio.createOscillator(), audio.createGain()];
      const begin = audio.currentTime + after;
      voice.frequency.value = pitch;
      gain.gain.setValueAtTime(0, begin);
      gain.gain.linearRampToValueAtTime(0.16, begin + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.001, begin + 0.45);
      voice.connect(gain).connect(audio.destination);
      voice.start(begin);
      voice.stop(begin + 0.5);
    });
  }

  function ring(on) {
    clearInterval(ringing);
    if (!on || !wanted("sound")) return;
    tone();
    ringing = setInterval(tone, RING_MS);
  }

  async function awake() {  // a browser lets a page sound only after somebody has touched it
    if (!("AudioContext" in window)) return false;
    audio = audio || new AudioContext();
    await audio.resume();
    return true;
  }

  // Keyboard

  async function copy() {
    const text = at("call").dataset.interaction;
    if (!text) return;
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // not over plain HTTP; then as it was done before
      const range = document.createRange();
      range.selectNodeContents(at("interaction"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy");
    }
    said.textContent = "Copied";
    const button = at("copy");
    if (button) button.firstChild.textContent = "Copied ";
    setTimeout(() => { if (at("copy") === button && button) button.firstChild.textContent = "Copy id "; }, 1500);
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#copy")) copy();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = event.key.toLowerCase();
    if (key === "o" && at("open")) at("open").click();
    if (key === "c") copy();
  });

  if ("Notification" in window && window.isSecureContext) {
    toggle(at("notify"), "notify", async () => (await Notification.requestPermission()) === "granted");
  }
  if ("AudioContext" in window) {
    toggle(at("sound"), "sound", awake);
    for (const touch of ["pointerdown", "keydown"]) {
      document.addEventListener(touch, () => { if (wanted("sound")) awake(); }, { once: true });
    }
  }
  setInterval(() => {
    tick();
    if (performance.now() - heard > LOST_AFTER_MS) { stand(false); listen(); }
  }, 1000);
  settle();
  listen();
})();
