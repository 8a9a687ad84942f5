/**
 * A trading partner who exchanges files: writes orders into the inbox of a folder of its own, takes what is
 * put into the outbox, and keeps books of both. How a document is written and read is the format's.
 *
 * Like a partner's transfer software, it writes a file under another name first and renames it.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../config/seeded-random.ts";
import type { OrderAtChannel } from "../../ports/channel-connection.ts";
import type { ChannelSimulator, ChannelSimulatorOptions, SimulatedListing } from "./channel-simulator.ts";
import { createServerFaults } from "./faults.ts";
import { type ChannelPayload, type PlannedOrder, totals } from "./planned-order.ts";

/** What a document of ours says, as the partner reads it. */
export type PartnerWord =
  | {
      readonly kind: "ship" | "cancel";
      readonly externalId: string;
      readonly lines: readonly { readonly line: string; readonly quantity: number }[];
    }
  | {
      /** What of lines is still coming, instead of what is not. */
      readonly kind: "left";
      readonly externalId: string;
      readonly lines: readonly { readonly line: string; readonly quantity: number }[];
    }
  | { readonly kind: "refund"; readonly externalId: string; readonly minor: number }
  | { readonly kind: "stock"; readonly levels: readonly (readonly [sku: string, quantity: number])[] };

export type PartnerSide = {
  readonly extension: string;
  account(folder: string): Readonly<Record<string, string>>;
  order(planned: PlannedOrder, random: Random): ChannelPayload;
  /** A change of one line, or the end of the whole order; null: the format has no document for it. */
  change(
    order: { readonly externalId: string; readonly planned: PlannedOrder },
    what: { readonly line: number; readonly quantity: number } | "cancel",
    random: Random,
  ): string | null;
  /** @throws Error where what we sent is not what the format's own reader takes */
  read(fileName: string, content: string): readonly PartnerWord[];
};

export type PartnerSimulator = ChannelSimulator & {
  readonly folder: string;
  /** Puts a file into the inbox. */
  send(name: string, content: string): void;
  /** What lies in the outbox, by name. */
  received(): readonly { readonly name: string; readonly content: string }[];
};

export function startPartnerSimulator(
  side: PartnerSide,
  { now }: Pick<ChannelSimulatorOptions, "now">,
): PartnerSimulator {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-partner-"));
  for (const name of ["inbox", "outbox"]) mkdirSync(join(folder, name));
  const random = new Random(7);
  const listed = new Map<string, SimulatedListing>();
  const orders = new Map<
    string,
    { readonly planned: PlannedOrder; quantities: number[]; isCancelled: boolean }
  >();
  let files = 0;

  const send = (name: string, content: string): void => {
    const aside = join(folder, "inbox", `.${name}`);
    writeFileSync(aside, content);
    utimesSync(aside, new Date(now()), new Date(now()));
    renameSync(aside, join(folder, "inbox", name));
  };
  const next = () => {
    files += 1;
    return `${String(files).padStart(6, "0")}.${side.extension}`;
  };
  const received = () =>
    readdirSync(join(folder, "outbox"))
      .filter((name) => !name.startsWith("."))
      .sort()
      .map((name) => ({ name, content: readFileSync(join(folder, "outbox", name), "utf8") }));
  const words = () => received().flatMap(({ name, content }) => side.read(name, content));
  const change = (externalId: string, what: Parameters<PartnerSide["change"]>[1]): boolean => {
    const order = orders.get(externalId);
    const content =
      order === undefined ? null : side.change({ externalId, planned: order.planned }, what, random);
    if (content === null) return false;
    send(next(), content);
    return true;
  };

  return {
    url: `file://${folder}`,
    folder,
    account: side.account(folder),
    faults: createServerFaults(),
    send,
    received,
    list: (listing) => {
      listed.set(listing.channelSku, listing);
      const rows = [...listed.values()].map(({ channelSku, title, gtin, quantity }) =>
        [channelSku, title, gtin ?? "", String(quantity)]
          .map((cell) => `"${cell.replaceAll('"', '""')}"`)
          .join(","),
      );
      writeFileSync(join(folder, "listings.csv"), ["sku,title,gtin,quantity", ...rows, ""].join("\n"));
    },
    place: (planned) => {
      const { externalId, payload } = side.order(planned, random);
      orders.set(externalId, {
        planned,
        quantities: planned.lines.map(({ quantity }) => quantity),
        isCancelled: false,
      });
      send(next(), payload);
      return externalId;
    },
    cancel: (externalId) => {
      if (!change(externalId, "cancel")) return false;
      const order = orders.get(externalId);
      if (order !== undefined) order.isCancelled = true;
      return true;
    },
    edit: (externalId, line, quantity) => {
      if (!change(externalId, { line, quantity })) return false;
      const order = orders.get(externalId);
      if (order !== undefined)
        order.quantities = order.quantities.map((was, index) => (index === line ? quantity : was));
      return true;
    },
    // A partner deducts from what it pays; nothing of it goes over the folder.
    refund: () => false,
    books: () => {
      const said = words();
      return [...orders].map(([externalId, order]): OrderAtChannel => {
        const units = (kind: "ship" | "cancel", line: string) =>
          said
            .flatMap((word) => (word.kind === kind && word.externalId === externalId ? word.lines : []))
            .filter((each) => each.line === line)
            .reduce((sum, { quantity }) => sum + quantity, 0);
        const givenBack = (id: string) =>
          said.reduce(
            (sum, word) => sum + (word.kind === "refund" && word.externalId === id ? word.minor : 0),
            0,
          );
        const left = (line: string) =>
          said
            .flatMap((word) => (word.kind === "left" && word.externalId === externalId ? word.lines : []))
            .findLast((each) => each.line === line)?.quantity;
        const lines = order.planned.lines.map(({ channelSku }, index) => {
          const line = String(index + 1);
          const quantity = order.quantities[index] ?? 0;
          const coming = left(line);
          return {
            externalLineId: line,
            channelSku,
            quantity,
            shipped: units("ship", line),
            cancelled: coming === undefined ? units("cancel", line) : quantity - coming,
          };
        });
        const isGone = order.isCancelled || lines.every(({ quantity, cancelled }) => cancelled >= quantity);
        const isSent = lines.every(({ quantity, shipped, cancelled }) => shipped + cancelled >= quantity);
        return {
          externalId,
          state: isGone ? "cancelled" : isSent ? "complete" : "open",
          total: { minor: totals(order.planned).total, currency: "USD", exponent: 2 },
          refunded: { minor: givenBack(externalId), currency: "USD", exponent: 2 },
          lines,
        };
      });
    },
    levels: () => {
      const levels = new Map([...listed.values()].map(({ channelSku, quantity }) => [channelSku, quantity]));
      for (const word of words())
        if (word.kind === "stock") for (const [sku, units] of word.levels) levels.set(sku, units);
      return levels;
    },
    expireTokens: () => {},
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
