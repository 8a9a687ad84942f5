/**
 * What a partner has on sale of us. No document tells it, so it is what the partner has ever ordered, and
 * what the merchant lists in `listings.csv` of the partner's folder: `sku,title,gtin,quantity`, the last
 * three may be empty. The quantity is what the partner shows before we have told a figure.
 */
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import type { IncomingOrder } from "../../orders/incoming-order.ts";
import type { Listing, StockLevel } from "../../ports/channel-connection.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import type { Disk } from "./disk.ts";
import type { PartnerOrders } from "./partner-orders.ts";

export interface PartnerListings {
  all(): Promise<readonly Listing[]>;
  noteTold(levels: readonly StockLevel[]): Promise<void>;
  /** An order has come, or has changed. */
  noteOrder(externalId: string): Promise<void>;
}

export function createPartnerListings(
  disk: Disk,
  folders: { readonly folder: string; readonly state: string },
  orders: PartnerOrders,
  read: (documents: readonly string[]) => IncomingOrder | null,
): PartnerListings {
  const toldPath = join(folders.state, "levels.json");
  let ordered: Map<string, string> | null = null;

  const told = async (): Promise<Record<string, number>> => {
    const content = await disk.read(toldPath);
    return content === null ? {} : (JSON.parse(content.toString("utf8")) as Record<string, number>);
  };

  /** Read whole once, then kept by what comes. */
  const orderedTitles = async (): Promise<Map<string, string>> => {
    if (ordered !== null) return ordered;
    const found = new Map<string, string>();
    await orders.each(({ documents, forgotten }) => {
      // Of one whose people were erased the goods stay, without their titles.
      for (const { channelSku } of forgotten?.lines ?? [])
        if (!found.has(channelSku)) found.set(channelSku, channelSku);
      for (const line of (forgotten === undefined ? read(documents) : null)?.lines ?? [])
        found.set(line.channelSku, line.title);
    });
    ordered = found;
    return found;
  };

  return {
    all: async () => {
      const levels = await told();
      const listed = await readListed(disk, join(folders.folder, "listings.csv"));
      const titles = await orderedTitles();
      const of = (channelSku: string, title: string, gtin: string | null, quantity: number | null) => ({
        channelSku,
        title,
        gtin,
        ids: {},
        quantity: levels[channelSku] ?? quantity,
      });
      const isListed = new Set(listed.map(({ sku }) => sku));
      return [
        ...listed.map(({ sku, title, gtin, quantity }) =>
          of(
            sku,
            title === "" ? (titles.get(sku) ?? sku) : title,
            gtin === "" ? null : gtin,
            /^\d+$/.test(quantity) ? Number(quantity) : null,
          ),
        ),
        ...[...titles]
          .filter(([sku]) => !isListed.has(sku))
          .map(([sku, title]) => of(sku, title, null, null)),
      ];
    },
    noteOrder: async (externalId) => {
      const kept = ordered === null ? null : await orders.find(externalId);
      const order = kept === null || kept.forgotten !== undefined ? null : read(kept.documents);
      for (const line of order?.lines ?? []) ordered?.set(line.channelSku, line.title);
    },
    noteTold: async (levels) => {
      const figures = { ...(await told()) };
      for (const { channelSku, quantity } of levels) figures[channelSku] = quantity;
      await disk.write(toldPath, JSON.stringify(figures));
    },
  };
}

type Listed = { sku: string; title: string; gtin: string; quantity: string };

async function readListed(disk: Disk, path: string): Promise<readonly Listed[]> {
  const content = await disk.read(path);
  if (content === null) return [];
  let rows: Record<string, string>[];
  try {
    rows = parse(content.toString("utf8"), {
      columns: (names: readonly string[]) => names.map((name) => name.trim().toLowerCase()),
      bom: true,
      skip_empty_lines: true,
      relax_column_count: true,
      trim: true,
    }) as Record<string, string>[];
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ServiceFault(`${path} cannot be read: ${why}`, {
      service: "partner folder",
      code: "listings_unreadable",
      retryable: true,
      cause,
    });
  }
  const unique = new Map<string, Listed>();
  for (const row of rows) {
    const sku = row["sku"] ?? "";
    if (sku !== "")
      unique.set(sku, {
        sku,
        title: row["title"] ?? "",
        gtin: row["gtin"] ?? "",
        quantity: row["quantity"] ?? "",
      });
  }
  return [...unique.values()];
}
