/**
 * Orders in files without a vendor: CSV with a row a line (`rows.ts`), or JSON lines, each an order as
 * `POST /v1/orders` takes it, or `{"id": …, "cancelled": true}`.
 *
 * An order is known by its id. What comes of it later takes the place of what came before; a line that says
 * that it is cancelled ends it.
 */
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { at, parseJson, textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import { openStandardWebhook, readEach, refused } from "../reading.ts";
import { readRows } from "./rows.ts";

/** @param canonical reads one order as `POST /v1/orders` takes it */
export function createFilesAdapter(canonical: ChannelAdapter): ChannelAdapter {
  const readAll = (documents: readonly unknown[]) => readOrders(documents, canonical);
  return {
    kind: "files",
    read(payload) {
      if (!isJson(payload)) {
        const { orders, problems } = readRows(payload);
        const faulty = problems.map(({ place, what }) => refused("malformed_payload", `${place}: ${what}`));
        return [...readAll(orders.map(({ document }) => document)), ...faulty];
      }
      const documents: unknown[] = [];
      const faulty: ChannelReading[] = [];
      for (const { line, text } of linesOf(payload)) {
        const document = parsed(text);
        if (document === undefined) faulty.push(refused("malformed_payload", `line ${line}: It is no JSON.`));
        else documents.push(document);
      }
      return [...readAll(documents), ...faulty];
    },
    join: (documents) => documents,
    openWebhook: openStandardWebhook,
  };
}

export function isJson(text: string): boolean {
  return /^\uFEFF?\s*\{/.test(text);
}

export function linesOf(text: string): readonly { readonly line: number; readonly text: string }[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n/)
    .map((each, index) => ({ line: index + 1, text: each.trim() }))
    .filter((each) => each.text !== "");
}

/** Undefined: it is no JSON. */
export function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

export function isCancellation(document: unknown): boolean {
  return at(document, "cancelled") === true;
}

type AboutOrder = { readonly externalId: string; readonly documents: readonly unknown[] };

function readOrders(documents: readonly unknown[], canonical: ChannelAdapter): readonly ChannelReading[] {
  const orders = new Map<string, unknown[]>();
  for (const [index, document] of documents.entries()) {
    const id = textAt(document, "id");
    const key = id === "" ? `line ${index}` : `order ${id}`;
    orders.set(key, [...(orders.get(key) ?? []), document]);
  }
  const all = [...orders.values()].map(
    (own): AboutOrder => ({
      externalId: textAt(own[0], "id"),
      documents: own,
    }),
  );
  return readEach(
    all,
    (about) => readOrder(about as AboutOrder, canonical),
    (about) => (about as AboutOrder).externalId,
  ).map((reading) => {
    if (reading.kind !== "order" || reading.source === undefined) return reading;
    const about = all.find(({ externalId }) => externalId === reading.order.externalId);
    return about === undefined ? reading : { ...reading, source: about.documents.map(writeJson).join("\n") };
  });
}

function readOrder(
  { externalId, documents }: AboutOrder,
  canonical: ChannelAdapter,
): readonly ChannelReading[] {
  const orders = documents.filter((document) => !isCancellation(document));
  const isCancelled = orders.length < documents.length;
  const newest = orders.at(-1);
  if (newest === undefined)
    return externalId === ""
      ? [refused("malformed_payload", "A cancellation needs the order's id.")]
      : [{ kind: "cancellation", externalId, reason: "cancelled by a line of a file" }];
  return canonical.read(writeJson(newest), null).map((reading): ChannelReading => {
    if (reading.kind !== "order") return reading;
    const { order } = reading;
    const ms = Date.parse(order.updatedAt);
    return {
      kind: "order",
      order: {
        ...order,
        updatedAt: Number.isNaN(ms) ? order.updatedAt : new Date(ms + orders.length - 1).toISOString(),
        holdReasons: isCancelled
          ? [
              { code: "cancelled_at_channel", detail: "A line of a file says that it is cancelled." },
              ...order.holdReasons,
            ]
          : order.holdReasons,
      },
    };
  });
}
