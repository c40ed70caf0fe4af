/** The page. */

import { diagram } from "./diagram.ts";
import type { Facts } from "./facts.ts";
import { NOTE } from "./files.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";
import { counted, duration, escape } from "./wording.ts";

/** The arm of the switch. */
const ICON = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="#e8590c" stroke="#e8590c" stroke-width="4">' +
    '<path d="M6 22 24 10"/><circle cx="6" cy="22" r="3"/><circle cx="25" cy="9" r="4" fill="#fff"/></svg>',
);

/** A cell of the title block: a label, a value, a remark. Given as HTML. */
function cell(label: string, value: string, remark: string): string {
  return `<div><dt>${label}</dt><dd><b>${value}</b> <span>${remark}</span></dd></div>`;
}

/** The values, as the title block of a technical drawing has them. */
function titleBlock({ answeredBy, acceptedBy, client, socket, proxyFields }: Facts): string {
  const { process, backend, connections, secondsUp, parent } = answeredBy;
  const proxies = proxyFields.length === 0
    ? "so says the socket itself; no proxy&rsquo;s header was needed"
    : `so says the socket itself; ${escape(proxyFields.join(", "))} came along and was not used`;
  const cells = [
    cell("Answered by", `process ${process}`, `the backend &ldquo;${escape(backend)}&rdquo;`),
    cell("Accepted by", `process ${acceptedBy.process}`, `&ldquo;${escape(acceptedBy.name)}&rdquo;`),
    cell("You are", `${escape(client.hostname)}:${client.port}`, proxies),
    socket === null ? cell("Your socket", "not visible here", "this system does not show it") : cell(
      "Your socket",
      `number ${socket.number}`,
      `the kernel&rsquo;s name for it, before and after the hand-off; here it is descriptor ${socket.descriptor}`,
    ),
    cell(
      "Taken so far",
      `<span id="connections">${counted(connections, "connection")}</span>`,
      `by process ${process}, each from the front`,
    ),
    cell(
      "Running for",
      `<span id="up">${duration(secondsUp)}</span>`,
      `all of it started by <code>fdpass demo</code>, process ${parent}`,
    ),
  ];
  return `<dl class="block">${cells.join("\n")}</dl>`;
}

function steps({ answeredBy, acceptedBy }: Facts): string {
  return `<ol class="steps">
<li><h2>Look</h2><p>Process ${acceptedBy.process}, the front, accepted your connection. It looked at the start of your request
without taking it out of the socket: enough to see where it belongs.</p></li>
<li><h2>Hand over</h2><p>It passed the open socket itself to process ${answeredBy.process}. The kernel does that between
processes; the bytes of your request stayed where they were.</p></li>
<li><h2>Let go</h2><p>Process ${answeredBy.process} said &ldquo;mine&rdquo;, and the front closed its copy. Then
${answeredBy.process} read your request from its first byte, and wrote this page to you.</p></li>
</ol>`;
}

function live({ acceptedBy, answeredBy }: Facts): string {
  return `<section class="live" aria-labelledby="live-title">
<h2 id="live-title">A stream, <span id="state">about to begin</span></h2>
<p>Process ${answeredBy.process} sends this page a message every second, for as long as you look. Behind a proxy, each would
pass through it. Here is what the front has to do with them.</p>
<dl class="gauges">
<div><dt>Messages to you</dt><dd id="messages">&ndash;</dd></div>
<div><dt>Bytes to you</dt><dd id="bytes">&ndash;</dd></div>
<div class="key"><dt>Descriptors of this stream in the front</dt><dd id="held">&ndash;</dd></div>
<div class="key"><dt>Processor time of the front meanwhile</dt><dd id="time">&ndash;</dd></div>
</dl>
<p class="small">The last two are read from <code>/proc/${acceptedBy.process}</code>, second by second. The time is for everything
the front does, so other requests show in it, such as those of the two buttons.</p>
</section>`;
}

function ask({ files, command }: Facts): string {
  const other = files.process === null ? "another process" : `process ${files.process}`;
  return `<section class="ask" aria-labelledby="ask-title">
<h2 id="ask-title">Ask again</h2>
<div class="try"><p>A new connection, and the same process says who you are now.</p>
<button type="button" id="who">Who am I?</button><output id="who-answer" for="who"></output></div>
<div class="try"><p>The same front, but the path is <code>/files/</code>: ${other} gets the socket.</p>
<button type="button" id="file">Load ${NOTE}</button><output id="file-answer" for="file"></output></div>
<p class="small">In a terminal: <code>${escape(command)}/</code></p>
<noscript><p class="small">Without JavaScript: <a href="/whoami">/whoami</a>, <a href="/files/${NOTE}">/files/${NOTE}</a>,
<a href="/live">/live</a>.</p></noscript>
</section>`;
}

/** The page about one request. */
export function page(facts: Facts): string {
  const { acceptedBy, answeredBy, connectedTo, files } = facts;
  const data = escape(JSON.stringify({ files: files.process, name: files.backend, note: `/files/${NOTE}` }));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>fdpass: nothing in between</title>
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body data-demo="${data}">
<main>
<header><strong>fdpass</strong><span>demo on ${
    escape(connectedTo.hostname)
  }:${connectedTo.port}</span></header>
<h1>Nothing stands between you and process&nbsp;${answeredBy.process}</h1>
<div class="figure"><figure>${diagram(facts)}
<figcaption>Your connection. One end is yours and stays; the other was swung from the front to the process that answers.
</figcaption></figure>${steps(facts)}</div>
${titleBlock(facts)}
<div class="pair">${live(facts)}${ask(facts)}</div>
<section class="left" aria-labelledby="left-title">
<h2 id="left-title">What the front has left to do: nothing</h2>
<p>That is how it is built, not how it is tuned. After a hand-off the front holds no descriptor of the connection, so it could
not read, write or close it if it wanted to. Downloads, streams and slow clients are between you and the process that answers.</p>
<p>You can try it. End the front with <code>kill ${acceptedBy.process}</code>: a new one takes its place, and the stream above
goes on.</p>
</section>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}
