/**
 * What would become of an order that is sent now: the same reading, checks and plan as its capture, of which
 * nothing is reserved or written. Another order may take the units before it is sent; then its capture says
 * so.
 *
 * An order that is being typed is not whole yet: what is missing of customer and address is a problem that is
 * told, and prices, stock and dates are told all the same.
 */
import type { OrderQuote, OrderQuoteBody, QuotedLine } from "../../contract/requests/order-quote.ts";
import type { OrderReservation } from "../../engine/allocator-client.ts";
import { currencyExponent, decimalText, rescale } from "../../orders/money.ts";
import { isOurs, type OrderDocument } from "../../orders/order.ts";
import { sumsOf } from "../../orders/order-amounts.ts";
import type { ChannelAdapter } from "../../ports/channels.ts";
import { type Channel, catalogOf } from "../../store/catalog/catalog.ts";
import { findProducts, listLocations } from "../../store/catalog/catalog-views.ts";
import { planFor } from "../capture/capture-order.ts";
import type { OperationContext } from "../context.ts";
import { poolOf } from "../holds/channel-pool.ts";
import {
  linesToReserve,
  promiseFor,
  reservationRequest,
  shortageReason,
  shortageReasons,
} from "../holds/reserve-stock.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { availabilityOf } from "../stock/availability.ts";

type Quoted = { readonly status: "done"; readonly quote: OrderQuote };

/** What whoever types an order has not come to yet. */
const YET_MISSING = /^(address_missing|custom_field_)/;

/** The order that is quoted has no name yet. */
const NAMELESS = "quote";

export async function quoteOrder(
  context: OperationContext,
  request: {
    readonly channelId: string;
    readonly draft: OrderQuoteBody;
    /** Reads our own format. */
    readonly adapter: ChannelAdapter;
  },
): Promise<Quoted | Refusal> {
  const { channelId, draft, adapter } = request;
  const catalog = catalogOf(context.database);
  const channel = await catalog.channel(channelId);
  if (channel === undefined) return refuse("channel_not_found", `There is no channel "${channelId}".`);
  if (!channel.active) return refuse("channel_inactive", `Channel ${channelId} is switched off.`);
  if (channel.kind !== adapter.kind)
    return refuse(
      "channel_kind_other",
      `Orders of ${channelId} come from ${channel.kind}, in its own format.`,
    );
  const skus = await Promise.all(
    draft.lines.map(async ({ sku }) => (sku === undefined ? null : catalog.skuFor(channelId, sku))),
  );
  const products = await findProducts(
    context.database,
    skus.filter((sku) => sku !== null),
  );
  const listPrice = (index: number): string | null => {
    const product = products.get(skus[index] ?? "");
    if (product === undefined || product.currency !== draft.currency.toUpperCase()) return null;
    const exponent = currencyExponent(product.currency) ?? 2;
    return decimalText({ minor: product.priceMinor, currency: product.currency, exponent });
  };
  const [reading] = adapter.read(JSON.stringify(wholeOf(draft, listPrice)), null);
  if (reading?.kind !== "order")
    return reading?.kind === "refused"
      ? refuse(reading.refusal.code, reading.refusal.detail)
      : refuse("invalid_order", "The document holds no order.");
  const world = { context, catalog, channel };
  const [wish, plan] = await Promise.all([
    planFor(world, reading.order, NAMELESS, true),
    planFor(world, reading.order, NAMELESS, false),
  ]);
  if (plan.status === "refused") return refuse(plan.code, plan.detail);
  // Of amounts and counts that are in doubt there is nothing to add up.
  if (wish.status === "refused" && !YET_MISSING.test(wish.code)) return refuse(wish.code, wish.detail);
  const { document, holdReasons } = plan;
  const lines = linesToReserve(document);
  const atMs = context.now();
  const pool = await poolOf(context, channel.id);
  const reservation =
    lines.length === 0
      ? null
      : await context.allocator.quoteOrder(reservationRequest(document, lines, 0, atMs, pool));
  const isWhole = reservation !== null && reservation.status === "reserved" && reservation.short.length === 0;
  const short = reservation === null || holdReasons.length > 0 ? [] : shortageReasons(reservation, document);
  const unsold =
    reservation?.status === "refused" && channel.onShortage === "refuse" && holdReasons.length === 0
      ? { code: "insufficient_stock", detail: shortageReason(reservation.short).detail }
      : null;
  const problem = wish.status === "refused" ? { code: wish.code, detail: wish.detail } : unsold;
  const sums = sumsOf(document);
  const waits = [...holdReasons, ...short];
  return {
    status: "done",
    quote: {
      channel: channel.id,
      currency: document.currency,
      outcome: problem !== null ? "refused" : waits.length > 0 ? "held" : "accepted",
      problem,
      holdReasons: problem === null ? [...waits] : [],
      lines: await linesOf(context, {
        document,
        reservation,
        products,
        pool: pool.pool,
        exponent: sums.exponent,
      }),
      paymentBy: document.paymentBy,
      payers: payersOf(channel),
      sums: {
        exponent: sums.exponent,
        linesMinor: sums.lines,
        shippingMinor: sums.shipping,
        chargesMinor: sums.charges,
        taxesMinor: sums.taxes,
        discountsMinor: sums.discounts,
        totalMinor: sums.total,
      },
      promise: isWhole ? promiseFor(document, reservation.holds, await catalog.locations(), atMs) : null,
      sourcing: reservation?.status === "reserved" ? [...reservation.explanation] : [],
    },
  };
}

/** As `payerOf` of `orders/capture.ts` decides. */
function payersOf({ chargedBy, payOnDelivery }: Channel): OrderQuote["payers"][number][] {
  return [
    ...(chargedBy === "channel" ? [] : (["merchant"] as const)),
    ...(chargedBy === "merchant" ? [] : (["channel"] as const)),
    ...(chargedBy === "channel" || payOnDelivery ? (["on_delivery"] as const) : []),
  ];
}

/** The draft with what our format needs; what is not known yet is empty, and told as missing. */
function wholeOf(draft: OrderQuoteBody, listPrice: (index: number) => string | null): object {
  const { shippingAddress } = draft;
  return {
    ...draft,
    id: NAMELESS,
    customer: draft.customer ?? { name: "" },
    lines: draft.lines.map((line, index) => ({
      ...line,
      unitPrice: line.unitPrice ?? listPrice(index) ?? "0",
    })),
    ...(shippingAddress === undefined
      ? {}
      : { shippingAddress: { name: "", line1: "", city: "", country: "", ...shippingAddress } }),
  };
}

type Planned = {
  readonly document: OrderDocument;
  readonly reservation: OrderReservation | null;
  readonly products: Awaited<ReturnType<typeof findProducts>>;
  readonly pool: string | undefined;
  readonly exponent: number;
};

async function linesOf(
  { database, allocator }: Pick<OperationContext, "database" | "allocator">,
  { document, reservation, products, pool, exponent }: Planned,
): Promise<QuotedLine[]> {
  const { items } = await listLocations(database, true);
  const names = new Map(items.map(({ id, name }) => [id, name]));
  const at = (locationId: string, units: number) => ({
    locationId,
    locationName: names.get(locationId) ?? locationId,
    units,
  });
  return Promise.all(
    document.lines.map(async (line) => {
      const { lineId, sku, channelSku, quantity } = line;
      const product = sku === null ? undefined : products.get(sku);
      const isStocked = sku !== null && isOurs(line);
      const found = isStocked
        ? await availabilityOf(allocator, sku, pool === undefined ? {} : { pool })
        : null;
      const short = reservation?.short.find((each) => each.lineId === lineId);
      const queued = reservation?.status === "reserved" ? reservation.queued : undefined;
      return {
        lineId,
        sku,
        channelSku,
        name: product?.name ?? null,
        quantity,
        listPriceMinor:
          product === undefined || product.currency !== document.currency
            ? null
            : rescale(
                {
                  minor: product.priceMinor,
                  currency: product.currency,
                  exponent: currencyExponent(product.currency) ?? 2,
                },
                exponent,
              ),
        available: found?.available ?? null,
        stock: (found?.byLocation ?? []).map(({ locationId, available }) => at(locationId, available)),
        from: [...unitsByPlace(reservation, lineId)].map(([locationId, units]) => at(locationId, units)),
        missing: short?.missing ?? 0,
        missingAt: short?.promisedAtMs === undefined ? null : new Date(short.promisedAtMs).toISOString(),
        queued: queued?.find((each) => each.lineId === lineId)?.quantity ?? 0,
      };
    }),
  );
}

/** Of a line, in its own units: a kit's components are all at one location, each so many times. */
function unitsByPlace(reservation: OrderReservation | null, lineId: string): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  if (reservation?.status !== "reserved") return units;
  const [first] = reservation.holds.filter((hold) => hold.lineId === lineId);
  for (const hold of reservation.holds) {
    if (hold.lineId !== lineId || hold.sku !== first?.sku) continue;
    units.set(hold.locationId, (units.get(hold.locationId) ?? 0) + hold.quantity / (hold.perUnit ?? 1));
  }
  return units;
}
