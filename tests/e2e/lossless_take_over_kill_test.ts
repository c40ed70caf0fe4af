/** Either of two fronts is killed at each word of a take-over: there is a front always, and only what one had alone is lost. */

import assert from "node:assert/strict";
import type { FrontStatus } from "../../src/control/front/front_status.ts";
import { ask } from "../../src/control/socket/ask.ts";
import { Fronts } from "../control/fronts.ts";
import { Visitors } from "../control/take_over_load.ts";
import { type Cut, Relay, type Side } from "../control/take_over_relay.ts";
import { tell } from "../support/load.ts";
import { type Program, startBackend } from "../support/processes.ts";
import { until } from "../support/waiting.ts";

const PARKED = 4;
/** Fronts that are succeeded at a time: most of a round is the start of a process. */
const LANES = 2;

/** Every word, and who says it. */
const WORDS: readonly (readonly [string, Side])[] = [
  ["take-over", "new"],
  ["offer", "old"],
  ["want", "new"],
  ["listener", "old"],
  ["listeners", "old"],
  ["ready", "new"],
  ["connection", "old"],
  ["ack", "new"],
  ["commit", "old"],
  ["committed", "new"],
  ["named", "old"],
  ["counted", "old"],
  ["end", "old"],
  ["over", "new"],
];

/** Words after the commit point: what the new front has by then ends with it. */
const AFTERWARDS = ["committed", "named", "counted", "end"];
/** A new front that has said this is the only one. */
const LAST = "over";

/** What is done, and who dies of it. */
const ROUNDS: readonly (Cut & { readonly victim: Side })[] = WORDS.flatMap(([type, speaker]) =>
  (["sender", "receiver"] as const).map((dies) => {
    const victim: Side = (dies === "sender") === (speaker === "new") ? "new" : "old";
    return { type, dies, victim };
  })
).filter(({ type, victim }) => victim === "old" || type !== LAST);

/** A front that is succeeded again and again. */
class Lane {
  readonly fronts = new Fronts();
  #front: Program | undefined;

  /** @param socket of the backend */
  constructor(socket: string) {
    this.fronts.configure({ backends: { files: { socket } } });
  }

  async begin(): Promise<void> {
    this.#front = await this.fronts.ready();
  }

  /** @returns how many of those who were parked were answered afterwards */
  async round(cut: Cut, victim: Side): Promise<number> {
    const { fronts } = this;
    const front = this.#front!;
    const visitors = new Visitors(fronts.port);
    await visitors.park(PARKED);
    await until(async () => await this.#parked() === PARKED, "connections to be parked");
    const failures = ({ stderr }: Program) => stderr.split("the take-over came to nothing").length;
    const before = failures(front);
    let next: Program | undefined = undefined;
    const kill = async (side: Side) => {
      const program = side === "old" ? front : next!;
      program.signal("SIGKILL");
      await program.ended;
    };
    await using relay = new Relay(fronts.control, cut, kill);
    next = fronts.start([fronts.configuration, "--take-over"]);
    await relay.ended;
    const [survivor, other] = victim === "old" ? [next, front] : [front, next];
    await other.ended;
    this.#front = survivor;
    if (victim === "old") await survivor.line(/^fdpass front ready on /m);
    else {
      const said = () => `the old front to go on after "${cut.type}" (${cut.dies}):\n${survivor.stderr}`;
      await until(() => failures(survivor) > before, said);
    }
    // It takes commands, at the same path as ever.
    await until(() => this.#parked().then(() => true, () => false), "a front that answers");
    await visitors.once();
    const counts = await visitors.leave();
    const { "new: 200": served, "parked: 200": answered = 0 } = counts;
    const what = `${cut.type}, ${cut.dies} dies: ${JSON.stringify(counts)}\n${survivor.stderr}`;
    assert.equal(served, 1, what);
    // Whoever was sent before the old front died is the new one's. What the new one has died with was its own alone.
    const expected = victim === "old"
      ? relay.passed.connection ?? 0
      : AFTERWARDS.includes(cut.type)
      ? 0
      : PARKED;
    assert.equal(answered, expected, what);
    return answered;
  }

  async #parked(): Promise<number> {
    const { status } = await ask(this.fronts.control, { command: "status" });
    return (status as FrontStatus).counters.parked;
  }

  async end(): Promise<void> {
    await this.#front!.stopCleanly();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#front?.[Symbol.asyncDispose]();
    this.fronts[Symbol.dispose]();
  }
}

Deno.test("whoever is killed at whichever word of a take-over, a front goes on, and what it lacks was had by the dead one alone", async (t) => {
  using fronts = new Fronts();
  await using files = await startBackend(fronts.socket, { static: fronts.path });
  const lines: string[] = [];
  await Promise.all(Array.from({ length: LANES }, async (_, index) => {
    await using lane = new Lane(fronts.socket);
    await lane.begin();
    for (const { victim, ...cut } of ROUNDS.filter((_, at) => at % LANES === index)) {
      const answered = await lane.round(cut, victim);
      lines.push(`${cut.type} (${victim} dies${cut.dies === "receiver" ? ", unread" : ""}): ${answered}`);
    }
    await lane.end();
  }));
  await tell(t, `${ROUNDS.length} deaths, of ${PARKED} connections were answered: ${lines.join("; ")}`);
  await files.stopCleanly();
});
