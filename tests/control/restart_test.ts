import assert from "node:assert/strict";
import { configureSync, getLogger, type LogRecord, resetSync } from "@logtape/logtape";
import { Log } from "../../src/control/log/log.ts";
import { SupervisedProcess } from "../../src/control/processes/supervised_process.ts";
import { until } from "../support/waiting.ts";

for (
  const [what, ending] of [["well", "exit 0"], ["with an error", "exit 3"], [
    "by a signal",
    "kill -9 $$",
  ]] as const
) {
  Deno.test(`a process that ends ${what} as soon as it is ready is started ever later`, async () => {
    const records: LogRecord[] = [];
    configureSync({
      reset: true,
      sinks: { list: (record) => void records.push(record) },
      loggers: [{ category: "test", sinks: ["list"] }, { category: ["logtape", "meta"], lowestLevel: null }],
    });
    const child = new SupervisedProcess({
      name: "child",
      command: "sh",
      args: ["-c", `echo "fdpass front ready on nothing"; ${ending}`],
      log: new Log(getLogger("test")),
      hidesReady: true,
      killAfter: 1_000,
    });
    try {
      await child.ready;
      await until(() => records.length >= 5, "five ends");
      assert.deepEqual(records.slice(0, 5).map(({ properties }) => properties.delay), [
        100,
        200,
        400,
        800,
        1_600,
      ]);
    } finally {
      await child.stop();
      resetSync();
    }
  });
}
