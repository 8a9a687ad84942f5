/**
 * A person, an integration or a shopper changes an order by edits (`orders/change/order-edits.ts`), with
 * amounts as decimal text in the order's currency. What they give away with it counts for the limit of their
 * role (`orders/change/price-gift.ts`).
 *
 * What was cancelled without a change of the document, on the floor for example, leaves the document with the
 * next change (`documentAsItStands`).
 */
import type { OrderEditBody } from "../../contract/order-changes.ts";
import { maskCardNumbers, withoutCardNumbers } from "../../orders/card-number.ts";
import { type AddedLine, applyEdits, type OrderEdit } from "../../orders/change/order-edits.ts";
import { type PriceGift, priceGift, skusPriced } from "../../orders/change/price-gift.ts";
import { type CustomField, fieldProblem } from "../../orders/custom-fields/custom-fields.ts";
import { unitsOf } from "../../orders/line-ledger.ts";
import { type Money, parseMoney } from "../../orders/money.ts";
import type { OrderDocument } from "../../orders/order.ts";
import { readProductPrices, skusNotSold } from "../../store/catalog/catalog.ts";
import { companyOfOrder, readCustomFields } from "../../store/catalog/custom-fields.ts";
import type { OrderProgress } from "../../store/orders/order-progress.ts";
import type { Queryable } from "../../store/sql/database.ts";
import { atEngine } from "../at-engine.ts";
import type { OperationContext } from "../context.ts";
import { requestCancellation } from "../holds/cancel-order.ts";
import type { Giver } from "../refunds/gift-limit.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeFingerprint } from "./change-fingerprint.ts";
import { type Revised, type RevisionRequest, reviseOrder } from "./revise-order.ts";

type EditRequest = Omit<RevisionRequest, "next" | "gives"> & {
  readonly edits: readonly OrderEditBody[];
  /** Whose limit counts; `null`: who asks names no prices, e.g. a shopper, or a cancellation. */
  readonly giver: Giver | null;
  /** Why, where the edits leave nothing of the order and cancel it. */
  readonly reason?: string;
};

/** `cancelling`: nothing is left of the order, and its saga has been asked to cancel it. */
export type Edited = Revised | { readonly status: "cancelling" };

export const editOrder = atEngine("edit-order", ({ orderId }) => orderId, edit);

async function edit(context: OperationContext, request: EditRequest): Promise<Edited | Refusal> {
  const { edits: asked, giver, reason: said = "Every line was cancelled.", ...change } = request;
  const edits = withoutCardNumbers(asked);
  const reason = maskCardNumbers(said);
  const { revision, fingerprint = changeFingerprint({ edits, revision, reason }) } = change;
  const unknown = await unknownProduct(context, change.orderId, edits);
  if (unknown !== null) return unknown;
  const fields = await customFieldsFor(context, change.orderId, edits);
  const revised = await reviseOrder(context, {
    ...change,
    fingerprint,
    next: (order) => documentAfter(order, edits, fields),
    ...(giver === null
      ? {}
      : {
          gives: {
            giver,
            gift: (client: Queryable, order: OrderProgress) => giftOf(client, order, edits, fields),
          },
        }),
  });
  if (revised.status !== "nothing_left") return revised;
  const { orderId, by, key } = change;
  const cancelled = await requestCancellation(context, { orderId, reason, by, key, fingerprint });
  return cancelled.status === "refused" ? cancelled : { status: "cancelling" };
}

function documentAfter(
  order: OrderProgress,
  edits: readonly OrderEditBody[],
  fields: readonly CustomField[],
): OrderDocument | Refusal {
  const { currency } = order.document;
  const problem = problemOfFields(edits, fields);
  if (problem !== null) return problem;
  const read = readEdits(edits, currency, fields);
  if (read.length < edits.length)
    return refuse("amount_out_of_range", `An amount has more digits than ${currency} can take.`);
  const edited = applyEdits(documentAsItStands(order), read, nextLineNumber(order));
  return edited.status === "edited" ? edited.document : refuse(edited.code, edited.detail);
}

async function giftOf(
  client: Queryable,
  order: OrderProgress,
  asked: readonly OrderEditBody[],
  fields: readonly CustomField[],
): Promise<PriceGift> {
  const edits = readEdits(asked, order.document.currency, fields);
  const document = documentAsItStands(order);
  const prices = await readProductPrices(client, document.companyId, skusPriced(document, edits));
  return priceGift(document, edits, nextLineNumber(order), prices);
}

/** The document with no more of each line than is still wanted of it. */
export function documentAsItStands({ document, lines }: OrderProgress): OrderDocument {
  const edits = document.lines.flatMap(({ lineId, quantity }): readonly OrderEdit[] => {
    const line = lines.find((candidate) => candidate.lineId === lineId);
    const wanted = line === undefined ? quantity : line.ordered - line.cancelled;
    return wanted < quantity ? [{ kind: "quantity", lineId, quantity: wanted }] : [];
  });
  const standing = applyEdits(document, edits, 0);
  if (standing.status === "refused") throw new Error(`${document.orderId}: ${standing.detail}`);
  return standing.document;
}

/** The document as it stands, without these units. */
export function documentWithout(
  order: OrderProgress,
  units: readonly { readonly lineId: string; readonly quantity: number }[],
): OrderDocument {
  const standing = documentAsItStands(order);
  const edits = standing.lines
    .map(({ lineId, quantity }) => ({ lineId, quantity, less: unitsOf(units, lineId) }))
    .filter(({ less }) => less > 0)
    .map(({ lineId, quantity, less }) => ({ kind: "quantity" as const, lineId, quantity: quantity - less }));
  const edited = applyEdits(standing, edits, 0);
  if (edited.status === "refused") throw new Error(`${order.orderId}: ${edited.detail}`);
  return edited.document;
}

/** Above the number of every line that the order ever had. */
export function nextLineNumber({ lines }: Pick<OrderProgress, "lines">): number {
  return 1 + Math.max(0, ...lines.map(({ lineId }) => Number(lineId) || 0));
}

/** Without those that have an amount which cannot be kept exactly. */
function readEdits(
  edits: readonly OrderEditBody[],
  currency: string,
  fields: readonly CustomField[],
): readonly OrderEdit[] {
  return edits.flatMap((edit) => readEdit(edit, currency, fields) ?? []);
}

/** `null`: an amount that cannot be kept exactly. */
function readEdit(edit: OrderEditBody, currency: string, fields: readonly CustomField[]): OrderEdit | null {
  switch (edit.kind) {
    case "shipping_service": {
      const { price, ...rest } = edit;
      if (price === undefined) return rest;
      const amount = parseMoney(price, currency);
      return amount === undefined ? null : { ...rest, price: amount };
    }
    case "discount": {
      const amount = parseMoney(edit.amount, currency);
      return amount === undefined ? null : { ...edit, amount };
    }
    case "add_line": {
      const line = readLine(edit, currency);
      return line === null ? null : { kind: "add_line", line };
    }
    case "custom_field":
      return { ...edit, personal: fieldOf(edit, fields)?.personal === true };
    default:
      return edit;
  }
}

type FieldEdit = Extract<OrderEditBody, { kind: "custom_field" }>;

const subjectOf = ({ lineId }: FieldEdit) => (lineId === undefined ? "order" : "order_line");

function fieldOf(edit: FieldEdit, fields: readonly CustomField[]): CustomField | undefined {
  return fields.find(({ subject, key }) => subject === subjectOf(edit) && key === edit.key);
}

/** Why a field cannot be set to what an edit says; null: all can. */
function problemOfFields(edits: readonly OrderEditBody[], fields: readonly CustomField[]): Refusal | null {
  for (const edit of edits) {
    if (edit.kind !== "custom_field") continue;
    const problem = fieldProblem(fieldOf(edit, fields), subjectOf(edit), edit.key, edit.value);
    if (problem !== null) return refuse(problem.code, problem.detail);
  }
  return null;
}

/** The order's company's fields, where an edit names one. */
async function customFieldsFor(
  { database }: OperationContext,
  orderId: string,
  edits: readonly OrderEditBody[],
): Promise<readonly CustomField[]> {
  if (edits.every(({ kind }) => kind !== "custom_field")) return [];
  const companyId = await companyOfOrder(database, orderId);
  return companyId === undefined ? [] : readCustomFields(database, companyId);
}

function readLine(
  {
    sku,
    title,
    quantity,
    unitPrice,
    discount,
    taxes = [],
    lineKind,
  }: Extract<OrderEditBody, { kind: "add_line" }>,
  currency: string,
): AddedLine | null {
  const price = parseMoney(unitPrice, currency);
  const less = discount === undefined ? undefined : parseMoney(discount, currency);
  const named = taxes.map((tax) => ({ name: tax.name, amount: parseMoney(tax.amount, currency) }));
  const exact = named.filter((tax): tax is { name: string; amount: Money } => tax.amount !== undefined);
  if (price === undefined || (discount !== undefined && less === undefined) || exact.length < named.length)
    return null;
  return {
    sku: sku ?? null,
    title,
    quantity,
    unitPrice: price,
    taxes: exact,
    ...(less === undefined ? {} : { discount: less }),
    ...(lineKind === undefined ? {} : { kind: lineKind }),
  };
}

/** What is added as goods has to be in the catalog. */
async function unknownProduct(
  context: OperationContext,
  orderId: string,
  edits: readonly OrderEditBody[],
): Promise<Refusal | null> {
  const goods = edits.flatMap((edit) =>
    edit.kind === "add_line" && (edit.lineKind ?? "goods") === "goods" ? [edit.sku ?? ""] : [],
  );
  if (goods.length === 0) return null;
  const [unknown] = await skusNotSold(context.database, orderId, goods);
  return unknown === undefined
    ? null
    : refuse("product_not_found", `The catalog has no product "${unknown}".`);
}
