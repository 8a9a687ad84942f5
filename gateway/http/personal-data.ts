/**
 * Shoppers' addresses, telephone numbers and e-mail addresses, in what the API answers. Whoever has no
 * `personal-data.read` gets the same answer without them; who has it and is a person leaves an entry in the
 * audit log.
 *
 * D1 Every answer under an address of `OF_SHOPPERS` is gone through, whatever route it is: a new one is
 *    covered.
 * D2 What is left out is told by its place, so that nobody takes it for missing.
 */
const OF_SHOPPERS: readonly string[] = [
  "/v1/orders",
  "/v1/fulfillment-orders",
  "/v1/combined-parcels",
  "/v1/floor/",
  "/v1/returns",
  "/v1/refunds",
  "/v1/claims",
  "/v1/store-credit",
];

/** Routes whose answer has them as a whole, and what is then looked at. */
const SHOWN_BY: ReadonlyMap<string, string> = new Map([
  ["GET /v1/orders/{id}", "order"],
  ["GET /v1/orders/{id}/revisions", "order"],
  ["GET /v1/fulfillment-orders/{id}/packing-slip.pdf", "fulfillment-order"],
  ["GET /v1/shipments/{id}/label.zpl", "shipment"],
  ["GET /v1/shipments/{id}/label.pdf", "shipment"],
  ["GET /v1/store-credit/{id}", "store-credit"],
]);

const HIDDEN = "(hidden)";
const EMAIL = /[^\s@,;:<>()"'/]+@[^\s@,;:<>()"'/]+\.[^\s@,;:<>()"'/]+/g;
/** Of an address; its name, region and country stay. */
const WHERE_SOMEBODY_LIVES: ReadonlySet<string> = new Set([
  "company",
  "line1",
  "line2",
  "city",
  "postalCode",
]);
/** The company's own fields that identify somebody, by their keys. */
const PERSONAL_FIELDS = "personalFields";
const CONTACT: ReadonlySet<string> = new Set(["phone", "email", "recipient", "holder"]);

export function isOfShoppers(path: string): boolean {
  return OF_SHOPPERS.some((prefix) => path.startsWith(prefix));
}

/** What a request looks at, as the audit log names it; null: at nobody's data as a whole. */
export function personalSubject(route: string, params: Readonly<Record<string, string>>): string | null {
  const kind = SHOWN_BY.get(route);
  return kind === undefined ? null : `${kind}:${params["id"] ?? ""}`;
}

/** The same without it, in the same shape. */
export function withoutPersonalData<Value>(value: Value): Value {
  return without(value) as Value;
}

function without(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(EMAIL, HIDDEN);
  if (Array.isArray(value)) return value.map(without);
  if (typeof value !== "object" || value === null) return value;
  const isAddress = "line1" in value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      if (key === PERSONAL_FIELDS && typeof part === "object" && part !== null)
        return [key, Object.fromEntries(Object.keys(part).map((field) => [field, HIDDEN]))];
      const isHidden = CONTACT.has(key) || (isAddress && WHERE_SOMEBODY_LIVES.has(key));
      return [key, isHidden && typeof part === "string" && part !== "" ? HIDDEN : without(part)];
    }),
  );
}
