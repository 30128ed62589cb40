// Keeps an open page up to date. Without this file, or without the events, everything works after a reload.
"use strict";

(() => {
  const regions = () => document.querySelectorAll("[data-live]");
  if (!window.EventSource || !document.querySelector("main [data-live]")) return;

  const touched = (field) => {
    if (!field.matches("select")) return field.value !== field.defaultValue;
    const preset = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(preset, 0);
  };

  // A region in which somebody is typing, or has typed or chosen, is left alone.
  const inUse = (region) =>
    region.querySelector("form :focus") !== null ||
    [...region.querySelectorAll("input, select, textarea")].some(touched);

  const refresh = async () => {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const region of regions()) {
      const next = fresh.getElementById(region.id);
      if (!next || inUse(region) || next.innerHTML === region.innerHTML) continue;
      const opened = [...region.querySelectorAll("details[open][id]")].map((details) => details.id);
      region.replaceChildren(...next.childNodes);
      for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    }
  };

  // Many things change at once when a batch goes out; one look shows them all.
  let waiting = null;
  const soon = () => {
    waiting ??= setTimeout(() => {
      waiting = null;
      refresh().catch(() => {});
    }, 400);
  };

  const events = new EventSource("/events");
  events.addEventListener("change", soon);
  // What changed before the connection stood, or while it was broken, was not told.
  events.addEventListener("open", soon);
  addEventListener("pagehide", () => events.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
})();
