/** A result of the bench of whole orders as people read it: figures, every measurement, and the machine. */
import type { StageTime } from "../../../store/audit/order-statistics.ts";
import { openingOf } from "../conditions.ts";
import { amount, median, spread, table } from "../figures.ts";
import type { LatencyResult } from "../load.ts";
import type { Measurement } from "../runner.ts";
import { ORDER_POSITIONS } from "../systems/channel-orders.ts";
import { systemNamed } from "../systems/registry.ts";
import { captureCpuOf, captureRateOf } from "./capture.ts";
import type { Latency } from "./complete-orders.ts";
import type { OrdersResult } from "./evidence.ts";
import { OWN_PARTS } from "./processor-time.ts";

export function ordersMarkdownOf(result: OrdersResult): string {
  return [
    ...openingOf(result, "npm run bench -- orders", "The seeded plan of a day's plain orders"),
    ...captureSection(result),
    ...latencySection(result),
    ...sustainedSection(result),
    ...sagaSection(result),
    ...naiveSection(result),
    ...vendureSection(result),
    ...besideSection(result),
    ...auditSection(result),
    "",
  ].join("\n");
}

function captureSection({ capture }: OrdersResult): readonly string[] {
  if (capture === null) return [];
  const systems = [
    ...new Set(capture.rounds.flatMap((round) => round.measurements.map((one) => one.system))),
  ];
  const ofSystem = (system: string): readonly Measurement[] =>
    capture.rounds.flatMap((round) => round.measurements.filter((one) => one.system === system));
  const forms = Object.entries(capture.variants).flatMap(([system, { best, rates }]) =>
    Object.entries(rates).map(([variant, rate]) => [
      systemNamed(system).title,
      variant === best ? `**${variant}**` : variant,
      amount(rate),
    ]),
  );
  return [
    "",
    "## Capture",
    "",
    `One to five lines, Zipf 1.0 over ${amount(ORDER_POSITIONS)} positions, in the formats of five channels; ` +
      `${capture.rounds.length} rounds, median (smallest … largest). Every system is audited: what was ` +
      "acknowledged against what is left, position by position, and a scarce position sold out to nothing. ms: of " +
      "all servers' processors, an order; of named holds, a thousand of them.",
    "",
    ...table(
      ["system", "best as", "a second", "ms", "cores", "oversold"],
      systems.map((system) => {
        const measured = ofSystem(system);
        const rates = measured.map(captureRateOf).filter((rate) => rate !== null);
        return [
          systemNamed(system).title,
          measured[0]?.variant ?? "",
          spread(rates),
          amount(median(measured.map(captureCpuOf))),
          amount(median(measured.map((one) => one.serverCores))),
          amount(measured.reduce((sum, one) => sum + one.audit.oversold, 0)),
        ];
      }),
      [2, 3, 4, 5],
    ),
    "",
    ...systems.map((system) => `- ${systemNamed(system).title}: ${systemNamed(system).note}`),
    ...(forms.length === 0
      ? []
      : [
          "",
          "How each was found to be at its best, in lines a second:",
          "",
          ...table(["system", "form", ""], forms, [2]),
        ]),
  ];
}

function naiveSection({ naiveSaga, complete }: OrdersResult): readonly string[] {
  if (naiveSaga === null) return [];
  const { saga } = naiveSaga;
  return [
    "",
    "## A naive saga on the same server",
    "",
    `One regular activity a step, ${naiveSaga.steps} steps as the real saga has, each writing one row; nobody is ` +
      `waited for, nothing outside is called, ${amount(complete?.depth ?? null)} under way: ` +
      `${amount(naiveSaga.perMinute)} orders a minute, ${amount(naiveSaga.cpuMsPerOrder)} ms of processor time each, ` +
      `${amount(saga.events)} events, ${amount(saga.workflowTasks)} workflow tasks.`,
    "",
    ...table(
      ["process", "ms an order"],
      naiveSaga.processes.map(({ name, msPerOrder }) => [name, amount(msPerOrder)]),
      [1],
    ),
  ];
}

function vendureSection({ vendure }: OrdersResult): readonly string[] {
  if (vendure === null) return [];
  const { placing, fulfilling, audit, scarce } = vendure;
  const row = (title: string, one: typeof placing): readonly string[] => [
    title,
    ...[one.p50Ms, one.p95Ms, one.p99Ms].map(amount),
  ];
  return [
    "",
    `## What a user would pick instead: Vendure ${vendure.version}`,
    "",
    "An open-source commerce server that installs from npm, one server and one worker on the same PostgreSQL, in " +
      "production mode. The same orders over its public GraphQL APIs in four requests each: cart with all lines, " +
      "customer, address and shipping; payment; settled and fulfilled; shipped and delivered. It has sessions and carts, " +
      "and computes prices, promotions and the quote for shipping with each change of a cart, which Holdfast leaves to the " +
      "channel. It does not: read a channel's document, know an order by the channel's id, choose among places, call a " +
      "payment provider (its own stand-in answers at once), buy a label, guide robots and people on a floor, hear a " +
      "carrier, write mails (switched off), go on by itself after a crash between two of its requests.",
    "",
    `${amount(vendure.orders)} orders in ${amount(vendure.seconds)} s, ${amount(vendure.perMinute)} a minute, with ` +
      `${vendure.clients} clients; ${amount(vendure.cpuMsPerOrder)} ms of processor time, ` +
      `${amount(vendure.commitsPerOrder)} commits and ${amount(vendure.walBytesPerOrder / 1_024)} KB of PostgreSQL's log ` +
      "an order.",
    "",
    ...(vendure.tried.length === 0
      ? []
      : [
          `In short runs: ${vendure.tried.map((one) => `${one.clients} clients ${amount(one.perMinute)} a minute`).join(", ")}.`,
          "",
        ]),
    ...table(
      ["milliseconds", "p50", "p95", "p99"],
      [row("first request → placed", placing), row("placed → delivered", fulfilling)],
      [1, 2, 3],
    ),
    "",
    ...table(
      ["process", "ms an order"],
      vendure.processes.map(({ name, msPerOrder }) => [
        name === "client" ? "client (not counted)" : name,
        amount(msPerOrder),
      ]),
      [1],
    ),
    "",
    vendure.refusals.length === 0
      ? "It refused none of these orders, and none failed."
      : `Refused or failed: ${vendure.refusals.map(({ code, times }) => `${times} × ${code}`).join("; ")}.`,
    "",
    `Audit, from its own tables, with plenty of stock: ${audit.oversold} units oversold; its counters of stock are wrong ` +
      `for ${audit.driftedSkus} SKUs, and leave ${amount(audit.drifted)} units to be sold that are sold. Scarce: ` +
      `${scarce.asked} orders of one unit by ${scarce.clients} clients for a SKU with ${scarce.units} units: ` +
      `${scarce.sold} sold, **${scarce.oversold} more than there were**, in ${amount(scarce.seconds)} s.`,
  ];
}

function besideSection({ beside }: OrdersResult): readonly string[] {
  if (beside === null) return [];
  const row = (title: string, windows: readonly LatencyResult[]): readonly string[] => [
    title,
    amount(median(windows.map((one) => one.perSecond))),
    ...[median(windows.map((one) => one.p50Ms)), median(windows.map((one) => one.p99Ms))].map(amount),
    windows.map((one) => amount(one.p99Ms)).join(", "),
  ];
  return [
    "",
    "## Reservations beside complete orders",
    "",
    `${amount(beside.rate)} durable reservations a second of one SKU, by schedule, in milliseconds from when each ` +
      "was due: on the idle system, and while orders come as fast as they can be completed. The ratio is of the " +
      "windows' medians.",
    "",
    ...table(
      ["", "answered a second", "p50", "p99", "p99 of each window"],
      [row("without orders", beside.alone), row("beside orders", beside.besideOrders)],
      [1, 2, 3],
    ),
  ];
}

function latencySection({ complete }: OrdersResult): readonly string[] {
  if (complete === null) return [];
  const row = (title: string, one: Latency): readonly string[] => [
    title,
    amount(one.orders),
    ...[one.p50Ms, one.p95Ms, one.p99Ms].map(amount),
    amount(one.missing),
  ];
  return [
    "",
    "## From capture to the floor",
    "",
    "Milliseconds from when an order was due to be sent (no coordinated omission) until all of it was released " +
      "to the floor. Single orders follow each other, each when the one before has ended.",
    "",
    ...table(
      ["", "orders", "p50", "p95", "p99", "never"],
      [
        row("single, on an idle system", complete.alone),
        row(`${amount(complete.fixedPerMinute)} a minute`, complete.atFixedRate),
      ],
      [1, 2, 3, 4, 5],
    ),
    "",
    `Stages at ${amount(complete.fixedPerMinute)} a minute, and at the sustained rate with ${complete.depth} ` +
      "orders under way, in milliseconds. Robots, packers and carriers are simulated at speed: what they take is " +
      "theirs.",
    "",
    ...stagesTable(complete.stagesAtFixedRate, complete.stagesSustained),
  ];
}

function stagesTable(atRate: readonly StageTime[], sustained: readonly StageTime[]): readonly string[] {
  return table(
    ["stage", "p50 at the rate", "p95", "p50 sustained", "p95"],
    atRate.map(({ stage, p50Ms, p95Ms }) => {
      const other = sustained.find((one) => one.stage === stage);
      return [stage, ...[p50Ms, p95Ms, other?.p50Ms ?? null, other?.p95Ms ?? null].map(amount)];
    }),
    [1, 2, 3, 4],
  );
}

function sustainedSection({ complete }: OrdersResult): readonly string[] {
  if (complete === null) return [];
  const { sustained } = complete;
  const own: readonly string[] = OWN_PARTS;
  return [
    "",
    "## The sustained rate",
    "",
    `${amount(sustained.orders)} orders were completed in ${amount(sustained.seconds)} s, ` +
      `${amount(sustained.perMinute)} a minute, with ${complete.depth} under way: the next is sent when one has ` +
      `ended. The backlog was ${amount(sustained.backlogBefore)} at the window's beginning and ` +
      `${amount(sustained.backlogAfter)} at its end, by the fitted line ` +
      `${amount(sustained.backlogGrowthPerMinute)} a minute; unsent messages to sagas and mails grew by ` +
      `${amount(sustained.outboxGrowthPerMinute)} a minute: ` +
      `${sustained.isSustained ? "it keeps up" : "**it does not keep up**"}. Afterwards everything had ended within ` +
      `${amount(complete.drainSeconds)} s.`,
    "",
    "Processor time of an order in that window. The system is Holdfast with PostgreSQL and Temporal; simulators " +
      "and client stand for other people's machines:",
    "",
    ...table(
      ["process", "ms an order"],
      sustained.processes.map(({ name, msPerOrder }) => [
        own.includes(name) ? name : `${name} (not counted)`,
        amount(msPerOrder),
      ]),
      [1],
    ),
    "",
    "Of Holdfast's process, by the file that a thread runs:",
    "",
    ...table(
      ["thread", "ms an order"],
      sustained.threads.map(({ name, msPerOrder }) => [name, amount(msPerOrder)]),
      [1],
    ),
    "",
    `${amount(sustained.statementsPerOrder)} SQL statements an order, ${amount(sustained.commitsPerOrder)} commits, ` +
      `${amount(sustained.walBytesPerOrder / 1_024)} KB of PostgreSQL's log, ` +
      `${amount(sustained.bytesWrittenPerOrder / 1_024)} KB written to disks ` +
      `(${sustained.bytesWritten.map(({ name, bytes }) => `${name} ${amount(bytes / 1_024)}`).join(", ")}). ` +
      "Statements are counted by the server, " +
      "which logs a tenth of them, chosen at random; the most frequent, transactions' frames included:",
    "",
    ...table(
      ["statement", "an order"],
      sustained.statements.map(({ text, statements }) => [
        `\`${text.replaceAll("|", "\\|").replaceAll("`", "'")}\``,
        amount(statements),
      ]),
      [1],
    ),
  ];
}

function sagaSection({ complete }: OrdersResult): readonly string[] {
  if (complete === null) return [];
  const { saga } = complete;
  return [
    "",
    "## The saga in Temporal",
    "",
    `${amount(saga.events)} events an order, ${amount(saga.workflowTasks)} workflow tasks, ` +
      `${amount(saga.activities)} regular activities, ${amount(saga.bytes / 1_024)} KB of history, in the mean of ` +
      `${saga.orders} completed orders with the sagas that theirs started.`,
    "",
    ...table(
      ["event", "an order"],
      saga.byType.map(({ type, events }) => [type.replaceAll("_", " "), amount(events)]),
      [1],
    ),
  ];
}

function auditSection({ audit }: OrdersResult): readonly string[] {
  if (audit === null) return [];
  return [
    "",
    "## Audit of the complete orders",
    "",
    `${amount(audit.orders)} orders: ${audit.oversold} units oversold, ${audit.doubled} orders, charges, labels or ` +
      `mails doubled, ${audit.lost} acknowledged and lost, ${audit.unfinished} unfinished, ${audit.held} held for a ` +
      `person; ${amount(audit.mails)} mails. Stock of engine, movements and order lines compared to the unit, money ` +
      "with the provider's to the cent, parcels with the carriers' labels.",
  ];
}
