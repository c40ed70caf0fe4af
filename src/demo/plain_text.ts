/** The page for terminals. */

import type { Facts } from "./facts.ts";
import { NAME as FILES, NOTE } from "./files.ts";
import { counted, duration } from "./wording.ts";

/** The facts about a request in a few lines of text. */
export function plainText({ answeredBy, acceptedBy, client, command, socket, files }: Facts): string {
  const lines = [
    "Nothing stands between you and the process that answers.",
    "",
    `answered by   process ${answeredBy.process}, the backend "${answeredBy.backend}"`,
    `accepted by   process ${acceptedBy.process}, "${acceptedBy.name}", which has no part in this any more`,
    `you           ${client.hostname}, port ${client.port}: the socket's own word, no proxy's`,
  ];
  if (socket !== null) {
    lines.push(
      `the socket    ${socket.number} to the kernel; descriptor ${socket.descriptor} of process ${answeredBy.process}`,
    );
  }
  const { connections, secondsUp } = answeredBy;
  lines.push(
    `so far        ${counted(connections, "connection")} in ${duration(secondsUp)}`,
    "",
    `${command}/whoami           the same as JSON`,
    `${command}/files/${NOTE}   from ${
      files.process === null ? "another process" : `process ${files.process}`
    }, the backend "${FILES}"`,
    `${command}/live -N          a stream that costs the front nothing`,
  );
  return lines.join("\n") + "\n";
}
