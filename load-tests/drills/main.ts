/** `npm run drill`: what a person does after a fire, or for an upgrade, done and measured. */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { endLeftovers } from "../faults/leftovers.ts";
import { machine } from "../faults/machine.ts";
import { type RestoreDrillReport, runRestoreDrill } from "./restore-drill.ts";
import { runUpgradeDrill } from "./upgrade-drill.ts";

const HELP = `Usage: npm run drill -- restore [options]
       npm run drill -- upgrade --from <folder> [--orders <n>] [--out <file>]

Starts a whole system of its own, plays a day of orders on it, takes a backup in the middle (holdfast backup), kills
everything some time later and deletes its folder, restores (holdfast restore), starts, and lets the day go on to its
end. The outside world lives on meanwhile. Then the books are audited.

upgrade: the version in a folder (a checkout, installed and built) takes orders and is stopped; this version starts on its
data; then the former one is started on what this one has made of them, and on a copy from before.

  --orders <n>     orders of the day (400)
  --loss-after <s> seconds from the backup's end until the machine is lost (10)
  --seed <text>    the same seed plays the same day (default: by chance; it is printed)
  --out <file>     writes the report there as JSON
  --json           ends with the report as one line of JSON
  --help           this text

Exit status 0: nothing that was acknowledged before the backup's moment is lost, nothing was sold, charged or shipped
twice, every order has ended or is held by name, and stock and money agree.
`;

const METHOD =
  "Every process is real: `holdfast start` with PostgreSQL (fsync on) and Temporal, killed with SIGKILL, and " +
  "`holdfast backup` and `restore` as a person runs them. Simulated payment provider, carrier and inbox keep what " +
  "they have. The recovery point is the time from the backup's moment to the loss, the recovery time from the loss " +
  "until requests are taken again. All of it shares one machine.";

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      orders: { type: "string", default: "400" },
      from: { type: "string" },
      "loss-after": { type: "string", default: "10" },
      seed: { type: "string" },
      out: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(HELP, 0);
  const orders = Number(values.orders);
  const lossAfter = Number(values["loss-after"]);
  const [which] = positionals;
  if (positionals.length !== 1 || (which !== "restore" && which !== "upgrade"))
    return say(`Which drill? restore or upgrade.\n\n${HELP}`, 2);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void endLeftovers().then(() => process.exit(130)));
  }
  if (which === "upgrade") {
    if (values.from === undefined) return say(`--from names the folder of the former version.\n\n${HELP}`, 2);
    const report = await runUpgradeDrill(values.from, Math.min(orders, 20), note);
    const text = `${JSON.stringify({ ...report, machine: machine() }, null, 2)}\n`;
    if (values.out !== undefined) writeFileSync(values.out, text);
    process.stdout.write(text);
    return report.ok ? 0 : 1;
  }
  if (!Number.isInteger(orders) || orders < 20 || !(lossAfter >= 0))
    return say(`--orders is a whole number of 20 or more, --loss-after a number.\n\n${HELP}`, 2);
  const seed = values.seed ?? randomBytes(4).toString("hex");
  note(`seed ${seed}, ${orders} orders`);
  let told = "";
  const report = await runRestoreDrill({ orders, seed, lossAfterMs: lossAfter * 1_000 }, (phase, day) => {
    if (phase === told) return;
    told = phase;
    note(
      `  ${phase}: ${day?.sent ?? 0} sent, ${day?.shipped ?? 0} shipped, ${day?.completed ?? 0} completed`,
    );
  });
  const full = { ...report, machine: machine(), method: METHOD };
  if (values.out !== undefined) {
    mkdirSync(dirname(values.out), { recursive: true });
    writeFileSync(values.out, `${JSON.stringify(full, null, 2)}\n`);
  }
  process.stdout.write(values.json ? `${JSON.stringify(full)}\n` : inWords(report));
  return report.ok ? 0 : 1;
}

function inWords(report: RestoreDrillReport): string {
  const { backup, orders } = report;
  const s = (milliseconds: number) => `${(milliseconds / 1_000).toFixed(1)} s`;
  return [
    "",
    `Backup of ${backup.rows} rows, ${(backup.bytes / 2 ** 20).toFixed(1)} MiB, in ${s(backup.milliseconds)}.`,
    `Recovery point: ${s(report.recoveryPointMs)} before the loss. Recovery time: ${s(report.recoveryTimeMs)} ` +
      `(restore ${s(report.restoreMs)}, start ${s(report.startMs)}).`,
    `Orders: ${orders.orders}, of them lost and sent again ${orders.lostAndSentAgain}, lost from the backup ` +
      `${orders.lostFromBackup}, unfinished ${orders.unfinished}; delivered ${orders.delivered}, cancelled ` +
      `${orders.cancelled}; held: ${report.held.map(({ code, orders: held }) => `${code} ${held}`).join(", ") || "none"}.`,
    `Oversold ${report.oversold}, doubled ${report.doubled}, stock ${report.stock.reconciled ? "" : "NOT "}reconciled, ` +
      `money ${report.money.reconciled ? "" : "NOT "}reconciled.`,
    `Left by the lost machine, for a person to compare: ${report.leftByLost.length}.`,
    ...report.leftByLost.map((what) => `  ${what}`),
    ...report.findings.map((finding) => `  ${finding}`),
    report.ok ? "All is well." : "NOT all is well.",
    "",
  ].join("\n");
}

function say(text: string, status: number): number {
  (status === 0 ? process.stdout : process.stderr).write(text);
  return status;
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

main().then(
  (status) => process.exit(status),
  async (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    await endLeftovers();
    process.exit(1);
  },
);
