/** What runs in the browser. Without it the page still says everything that it knew when it was written. */
export const SCRIPT = `"use strict";
{
  const demo = JSON.parse(document.body.dataset.demo);
  const by = (id) => document.getElementById(id);
  const drawing = by("switch");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const counted = (number, noun) => number + " " + noun + (number === 1 ? "" : "s");
  const duration = (seconds) => {
    const s = Math.floor(seconds);
    if (s < 60) return s + " s";
    if (s < 3600) return Math.floor(s / 60) + " min " + s % 60 + " s";
    return Math.floor(s / 3600) + " h " + Math.floor(s / 60) % 60 + " min";
  };

  // The arm of the switch goes where a new connection goes, and back to where the one of this page is.
  let turn = 0;
  async function swing(to) {
    if (calm.matches) return;
    const mine = ++turn;
    for (const at of ["front", to]) {
      drawing.setAttribute("class", "at-" + at);
      await wait(at === "front" ? 700 : 3000);
      if (mine !== turn) return;
    }
    drawing.setAttribute("class", "at-app");
  }

  function pulse() {
    if (calm.matches || document.hidden || /front|files/.test(drawing.getAttribute("class"))) return;
    const path = [{ opacity: 1, transform: "none" }, { opacity: 1, transform: "translateX(-170px)" }];
    drawing.querySelector(".pulse").animate(path, { duration: 600, easing: "ease-in-out" });
  }

  const stream = new EventSource("/live");
  stream.addEventListener("beat", ({ data }) => {
    const beat = JSON.parse(data);
    by("state").textContent = beat.seconds === 0 ? "just begun" : "open for " + duration(beat.seconds);
    by("messages").textContent = beat.messages;
    by("bytes").textContent = beat.bytes.toLocaleString("en");
    const { frontRuns, frontDescriptor: held, frontTime: time } = beat;
    const unknown = "not visible here";
    by("held").textContent = !frontRuns || held === null ? "none" : held === undefined ? unknown : 1;
    by("time").textContent = !frontRuns ? "it has ended" : time === undefined ? unknown : time + " ms";
    by("connections").textContent = counted(beat.connections, "connection");
    by("up").textContent = duration(beat.secondsUp);
    pulse();
  });
  stream.addEventListener("end", () => {
    stream.close();
    by("state").textContent = "ended with the demo";
  });
  stream.onerror = () => by("state").textContent = "cut off; trying again";

  async function ask(button, url, to, say) {
    const output = by(button.id + "-answer");
    button.disabled = true;
    output.textContent = "";
    void swing(to);
    try {
      const began = performance.now();
      const response = await fetch(url, { cache: "no-store" });
      const text = await response.text();
      if (!response.ok) throw new Error(response.status + " " + response.statusText);
      output.textContent = say(text, (performance.now() - began).toFixed(0));
    } catch (error) {
      output.textContent = "No answer (" + error.message + "). Is the demo still running?";
    }
    button.disabled = false;
  }

  by("who").onclick = ({ currentTarget }) => ask(currentTarget, "/whoami", "app", (text, ms) => {
    const { answeredBy, acceptedBy, client, socket } = JSON.parse(text);
    return "You are " + client.hostname + ", port " + client.port + " this time.\\n" +
      "Accepted by process " + acceptedBy.process + ", answered by process " + answeredBy.process + ", in " + ms + " ms." +
      (socket ? "\\nThe socket is number " + socket.number + "." : "");
  });
  by("file").onclick = ({ currentTarget }) => ask(currentTarget, demo.note, "files", (text, ms) =>
    (demo.files === null ? "The backend " : "Process " + demo.files + ", the backend ") + demo.name + ", answered in " +
      ms + " ms:\\n\\n" + text.trim());
}
`;
