/**
 * `holdfast simulate-day`: plays a compressed day of a mid-size retailer through the whole system, then
 * audits the books.
 */
import { randomBytes } from "node:crypto";
import { SingleBar } from "cli-progress";
import type { Command } from "commander";
import { UserProblem } from "../problem.ts";
import { renderReport } from "../simulated-day/report.ts";
import type { DayView } from "../simulated-day/run-day.ts";
import { useSystem } from "../system/background-system.ts";
import { isInteractive, note, paint, print, printJson } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

type DayCommandOptions = AccessOptions & {
  readonly orders: string;
  readonly seed?: string;
  readonly returns: string;
  readonly speed: string;
  readonly depth: string;
};

/**
 * When the caller of an outside service was killed, its call is repeated after a minute
 * (`workflows/saga/steps.ts`). This is longer than that with the restart before it.
 */
const PATIENCE_MS = 120_000;

export function addSimulateDayCommand(program: Command): void {
  const command = program
    .command("simulate-day")
    .summary("play a day of orders through the whole system, and audit it")
    .description(
      "Plays a compressed day of a mid-size retailer over all channels, in the channels' own wire formats, through the whole " +
        "system: capture, payment, picking by robots, shipping, delivery, returns, and what goes differently than planned. Then it " +
        "audits the books: nothing oversold, nothing doubled, stock reconciled to the unit and money to the cent. Uses the system " +
        "that runs here, whatever has happened on it before, or starts one for the day.",
    )
    .option("--orders <number>", "orders of the day", "1000")
    .option("--seed <text>", "the same seed plays the same day (default: a new one)")
    .option("--returns <percent>", "share of delivered orders that come back", "5")
    .option("--speed <factor>", "pace of robots, carrier and people; 1 is demonstration pace", "200")
    .option("--depth <number>", "orders under way at a time", "400");
  withAccess(command)
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast simulate-day --orders 1000
  $ npx holdfast simulate-day --orders 10000 --seed black-friday --json

With --json the report is one document. Exit status 0 only if nothing was oversold, doubled, lost or left unfinished, and
stock adds up to the unit and money to the cent.`,
    )
    .action(simulateDay);
}

async function simulateDay(options: DayCommandOptions): Promise<void> {
  const numbers = {
    orders: wholeNumber("--orders", options.orders, 1, 1_000_000),
    returnsPercent: wholeNumber("--returns", options.returns, 0, 100),
    speed: wholeNumber("--speed", options.speed, 1, 10_000),
    depth: wholeNumber("--depth", options.depth, 1, 100_000),
  };
  const seed = options.seed ?? randomBytes(4).toString("hex");
  const { runDay } = await import("../simulated-day/run-day.ts");
  const system = await useSystem(options);
  try {
    const show = progressDisplay(numbers.orders);
    const report = await runDay(
      system.access,
      { ...numbers, seed, overMs: 0, patienceMs: PATIENCE_MS },
      (view) => show.update(view),
    ).finally(() => show.stop());
    if (options.json) printJson(report);
    else print(renderReport(report));
    if (!report.ok) process.exitCode = 1;
  } finally {
    await system.release();
  }
}

function progressDisplay(orders: number): { update(view: DayView): void; stop(): void } {
  if (!isInteractive(process.stderr)) {
    let last = 0;
    return {
      update: (view) => {
        if (Date.now() - last < 5_000) return;
        last = Date.now();
        note(
          `  sent ${view.sent}/${view.planned}, shipped ${view.shipped}, ended ${view.completed + view.cancelled}, held ${view.held}, returns ${view.returns}`,
        );
      },
      stop: () => {},
    };
  }
  const bar = new SingleBar({
    format: ` ${paint("cyan", "{bar}", process.stderr)} {percentage}%  {value}/{total} ended  ·  sent {sent}  shipped {shipped}  held {held}  returns {returns}  {duration_formatted}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    stream: process.stderr,
    barsize: 28,
  });
  bar.start(orders, 0, { sent: 0, shipped: 0, held: 0, returns: 0 });
  return {
    update: (view) => bar.update(view.completed + view.cancelled + view.held, view),
    stop: () => bar.stop(),
  };
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UserProblem(
      "invalid_argument",
      `${option} must be a whole number from ${least} to ${most}, not "${text}".`,
      "Example: npx holdfast simulate-day --orders 1000 --returns 5",
      { exitStatus: 2 },
    );
  }
  return value;
}
