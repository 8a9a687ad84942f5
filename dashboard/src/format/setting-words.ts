/** Settings, their values and who changed them, in words. */
import { words } from "./words.ts";

export const CHARGED_BY = {
  channel: "The channel, which pays us out",
  merchant: "We do, by our payment provider",
  order: "As each order says",
} as const;

export const ON_SHORTAGE = {
  hold: "Keep it, on hold",
  refuse: "Refuse it",
} as const;

export const ALLOCATIONS = {
  all_or_nothing: "All of it, or nothing",
  line_by_line: "Lines that are covered in full",
  ship_available: "What there is",
  ship_available_backorder_rest: "What there is; the rest waits in the queue",
} as const;

export const SHORT_RESTS = {
  cancel: "Cancelled and refunded",
  backorder: "Queued for the next stock",
  wait: "Wait until stock comes or a person decides",
} as const;

export const REASON_ANSWERS = { approve: "Approve", ask: "Ask a person", decline: "Decline" } as const;

export const LOCATION_KINDS = {
  fulfillment_center: "Fulfillment center",
  store: "Store",
  supplier: "Supplier",
} as const;

/** What each rule prefers. */
export const SOURCING_RULES = {
  fewest_parcels: "Fewest parcels",
  priority: "Location with the lower priority number",
  border: "No border",
  distance: "Shorter way",
  cost: "Lower cost",
  promise_date: "Earlier arrival",
  capacity: "More open capacity",
  stock: "Fuller shelf",
  custom: "A number of the locations' own",
} as const;

export const WEEKDAYS = [
  { day: "mon", name: "Monday" },
  { day: "tue", name: "Tuesday" },
  { day: "wed", name: "Wednesday" },
  { day: "thu", name: "Thursday" },
  { day: "fri", name: "Friday" },
  { day: "sat", name: "Saturday" },
  { day: "sun", name: "Sunday" },
] as const;

export const VENDOR_KINDS = { payments: "Payments", carriers: "Carriers", notifications: "Mail" } as const;

const FIELDS: Readonly<Record<string, string>> = {
  name: "Name",
  kind: "Kind",
  secretIssuedAt: "Webhook secret of",
  formerSecretsUntil: "The one before counts until",
  active: "Open for orders",
  chargedBy: "Who charges",
  payOnDelivery: "Paid at the door",
  onShortage: "Not enough stock",
  allocation: "What is reserved",
  shortRest: "Missing later",
  allowSubstitutes: "Substitutes",
  shopperChangesMinutes: "Shoppers' window, minutes",
  combineMinutes: "Waits for other orders, minutes",
  stockPool: "Stock pool",
  stockBuffer: "Stock buffer, units",
  address: "Address",
  timeZone: "Time zone",
  hours: "Hours",
  cutOff: "Cut-off",
  closedOn: "Closed on",
  leadTimeDays: "Lead time, days",
  dailyCapacity: "Parcels a day",
  rules: "Rules",
  windowDays: "Return window, days",
  waitDays: "Awaited, days",
  notReturnable: "Not returnable",
  reasons: "Reasons",
  askAboveMinor: "Asks a person above",
  keepUpToMinor: "Refunds without a return up to",
  askFromReturns: "Asks a person from return number",
  methods: "Ways back",
  aboveMinor: "Dearer than",
  skus: "Sells",
  countries: "Goes to",
  notes: "Bears a note",
  keptDays: "Kept, days",
  reminderAfterDays: "Reminded after, days",
  passwordSetAt: "Password set",
  passwordLinkUntil: "Link for a password, until",
  secondFactor: "Second factor",
  passkeys: "Passkeys",
  recoveryCodesMadeAt: "New recovery codes",
  expiresAt: "Expires",
  rotatedAt: "New secret",
  oldCountsUntil: "Old secret counts until",
  enabled: "Switched on",
  approvalUnits: "Alone, units",
};

/** `refund-limits` of `service` becomes `Service`; a known field its name on the page. */
export function fieldName(field: string): string {
  return FIELDS[field] ?? words(field);
}

const SUBJECTS: Readonly<Record<string, string>> = { staff: "Person", key: "API key" };

/** `channel:web` becomes `Channel, web`. */
export function subjectName(subject: string): string {
  const [kind = "", id = ""] = subject.split(":", 2);
  const name = SUBJECTS[kind] ?? words(kind);
  return id === "" ? name : `${name}, ${id}`;
}

/** A value as it was stored. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined || value === "") return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value.replaceAll("_", " ");
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(valueText).join(", ");
  if (typeof value === "object") {
    const entries = Object.entries(value);
    return entries.length === 0
      ? "none"
      : entries.map(([name, inner]) => `${name.replaceAll("_", " ")} ${valueText(inner)}`).join(", ");
  }
  return String(value);
}
