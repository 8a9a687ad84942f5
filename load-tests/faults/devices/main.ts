/** `npm run faults -- --devices`: real devices' bad habits against the real system, and an audit afterwards. */
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname } from "node:path";
import { endLeftovers } from "../leftovers.ts";
import { machine } from "../machine.ts";
import { type DeviceReport, type Progress, runDeviceCampaign } from "./campaign.ts";
import { HELP, readCommandLine } from "./options.ts";

const METHOD =
  "Every process is real: the broker, and the whole system with PostgreSQL (fsync on) and Temporal as " +
  "`holdfast start` starts them; kill -9 is SIGKILL. All of it and the devices share one machine. Half of the " +
  "wild devices' messages are conveyors' events, three tenths robots' states, the rest portals' reports; " +
  "repeats, resends and what the network loses count as messages, those of the working floors do not. " +
  "Orders come evenly over the time of the messages. The " +
  "acknowledgement's time runs in the device, from the event to its acknowledgement, for events that the bad " +
  "network left alone.";

/** @returns the exit status */
export async function devicesMain(): Promise<number> {
  const line = readCommandLine(process.argv.slice(2));
  if (line.kind === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  if (line.kind === "wrong") {
    process.stderr.write(`${line.problem}.\n\n${HELP}`);
    return 2;
  }
  const { options, json, out } = line;
  note(`seed ${options.seed}, ${count(options.messages)} messages of ${options.devices} devices`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void endLeftovers().then(() => process.exit(130)));
  }
  process.once("uncaughtException", (error) => {
    note(error.stack ?? error.message);
    void endLeftovers().then(() => process.exit(1));
  });
  const [loadBefore] = loadavg();
  const report = await runDeviceCampaign(options, progressDisplay());
  const full = { ...report, machine: { ...machine(), loadBefore, loadAfter: loadavg()[0] }, method: METHOD };
  if (out !== undefined) {
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, `${JSON.stringify(full, null, 2)}\n`);
  }
  process.stdout.write(json ? `${JSON.stringify(full)}\n` : summary(report));
  return report.ok ? 0 : 1;
}

/** On a terminal one line that changes; elsewhere a line now and then. */
function progressDisplay(): (progress: Progress) => void {
  const { isTTY } = process.stderr;
  let told = 0;
  return ({ messages, of, phase, day, outstanding }) => {
    const text =
      `${phase}: ${count(messages)} of ${count(of)} messages, ${outstanding} events outstanding; orders: ` +
      `${day?.sent ?? 0} sent, ${(day?.completed ?? 0) + (day?.cancelled ?? 0)} ended, ${day?.held ?? 0} held`;
    if (isTTY) process.stderr.write(`\r\u001b[2K  ${text}`);
    else if (performance.now() - told > 10_000) {
      told = performance.now();
      note(`  ${text}`);
    }
  };
}

function summary(report: DeviceReport): string {
  const { messages, acknowledgements: acks, paced, whileKilled, whileFlooded, orders, loads } = report;
  const ms = (value: number): string => `${count(Math.round(value))} ms`;
  const letters = Object.entries(report.deadLetters).map(([code, number]) => `${code} ${count(number)}`);
  return [
    "",
    `${count(messages.messages)} messages of ${report.devices.wild} wild devices beside ` +
      `${report.devices.working} working ones, over ${report.broker}, in ${Math.round(report.seconds)} s ` +
      `(seed ${report.seed}): lost ${count(messages.lost)}, repeated ${count(messages.repeated)}, late ` +
      `${count(messages.late)}, garbled ${count(messages.garbled)}; wraps ${count(messages.wraps)}, restarts ` +
      `${count(messages.restarts)} (${count(messages.reusedBootIds)} under the same boot id), clock jumps ` +
      `${count(messages.clockJumps)}.`,
    `Killed: broker ${report.kills.broker}, system ${report.kills.system}, everything ` +
      `${report.kills.everything} times.`,
    `Acknowledged: ${count(acks.taken)} with their effect, ${count(acks.noted)} that have none, ` +
      `${count(acks.refused)} with their refusal; without effect ${acks.withoutEffect}, refused without a dead ` +
      `letter ${acks.withoutLetter}, unreadable ${acks.unreadable}, never acknowledged ${acks.neverAcknowledged}.`,
    `Dead letters: ${letters.join(", ") || "none"}.`,
    `Acknowledgement at ${count(paced.ratePerSecond)} messages a second (${count(paced.events)} events): p50 ` +
      `${ms(paced.p50Ms)}, p99 ${ms(paced.p99Ms)}, the bar of ${report.p99Bar.barMs} ms is ` +
      `${report.p99Bar.met ? "met" : "NOT met"}; while things are killed p50 ${ms(whileKilled.p50Ms)}, p99 ` +
      `${ms(whileKilled.p99Ms)}; of the others while one floods p50 ${ms(whileFlooded.p50Ms)}, p99 ` +
      `${ms(whileFlooded.p99Ms)}.`,
    `Orders: ${orders.planned} planned, ${orders.accepted} accepted, ${orders.unfinished} unfinished; held: ` +
      `${report.held.map(({ code, orders: held }) => `${code} ${held}`).join(", ") || "none"}; oversold ` +
      `${report.oversold}, doubled ${report.doubled}, stock ${report.stock.reconciled ? "" : "NOT "}reconciled.`,
    `Units that robots took: packed ${loads.packed}, carried ${loads.carried}, adrift ${loads.adrift} (set apart ` +
      `${loads.apart}).`,
    ...report.findings.map((finding) => `  ${finding}`),
    report.ok ? "All is well." : "NOT all is well.",
    "",
  ].join("\n");
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
