/** Whoever drops tables into the folder, and takes ours. */
import { parse } from "csv-parse/sync";
import type { ChannelSimulatorKind } from "../../simulator-kit/channel-simulator.ts";
import {
  type PartnerSide,
  type PartnerWord,
  startPartnerSimulator,
} from "../../simulator-kit/partner-simulator.ts";
import { filesWriter, tableOf } from "./sample-orders.ts";

export const filesSide: PartnerSide = {
  extension: "csv",
  account: (folder) => ({ FILES_FOLDER: folder, FILES_FORMAT: "csv", FILES_SETTLE_SECONDS: "0" }),
  order: (planned, random) => filesWriter.write(planned, random),
  change: ({ externalId, planned }, what) =>
    what === "cancel"
      ? `${JSON.stringify({ id: externalId, cancelled: true })}\n`
      : tableOf(
          externalId,
          planned,
          planned.lines.map(({ quantity }, index) => (index === what.line ? what.quantity : quantity)),
        ),
  read: (fileName, content) => wordsOf(fileName.split("-")[0] ?? "", content),
};

function wordsOf(type: string, content: string): readonly PartnerWord[] {
  const rows = parse(content, { columns: true }) as readonly Record<string, string>[];
  const externalId = rows[0]?.["id"] ?? "";
  const lines = rows.map((row) => ({ line: row["lineId"] ?? "", quantity: Number(row["quantity"]) }));
  if (type === "shipped") return [{ kind: "ship", externalId, lines }];
  if (type === "cancelled") return [{ kind: "cancel", externalId, lines }];
  if (type === "refunded")
    return [{ kind: "refund", externalId, minor: Number((rows[0]?.["amount"] ?? "").replace(".", "")) }];
  if (type === "stock")
    return [
      {
        kind: "stock",
        levels: rows.map((row): [string, number] => [row["sku"] ?? "", Number(row["quantity"])]),
      },
    ];
  return [];
}

export const filesSimulator: ChannelSimulatorKind = {
  start: async (options) => startPartnerSimulator(filesSide, options),
};
