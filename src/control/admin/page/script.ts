/** What keeps the status page up to date where scripts run: it takes the page again, and what is in it. */

export const SCRIPT = `
const live = document.querySelector(".live");
let seen = Date.now();
async function again() {
  try {
    const response = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error(response.statusText);
    const next = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const name of ["main", ".facts"]) document.querySelector(name).replaceWith(next.querySelector(name));
    document.title = next.title;
    document.querySelector("link[rel=icon]").href = next.querySelector("link[rel=icon]").href;
    seen = Date.now();
    document.body.classList.remove("stale");
    live.textContent = "live";
  } catch {
    document.body.classList.add("stale");
    live.textContent = "no answer for " + Math.round((Date.now() - seen) / 1000) + " s";
  }
}
live.textContent = "live";
setInterval(() => document.hidden || again(), 2000);
document.addEventListener("visibilitychange", () => document.hidden || again());
`;
