/**
 * The names of the API's shapes: what `contract/` exports. A shape that is used within another is known by what
 * it says, since TypeBox copies what it makes optional.
 */
import * as audit from "../../contract/audit.ts";
import * as canonicalOrder from "../../contract/canonical-order.ts";
import * as catalog from "../../contract/catalog.ts";
import * as channels from "../../contract/channels.ts";
import * as claims from "../../contract/claims.ts";
import * as company from "../../contract/company.ts";
import * as devices from "../../contract/devices.ts";
import * as floor from "../../contract/floor.ts";
import * as fulfillment from "../../contract/fulfillment.ts";
import * as keys from "../../contract/keys.ts";
import * as locations from "../../contract/locations.ts";
import * as orderChanges from "../../contract/order-changes.ts";
import * as orders from "../../contract/orders.ts";
import * as people from "../../contract/people.ts";
import * as personalData from "../../contract/personal-data.ts";
import * as refunds from "../../contract/refunds.ts";
import * as returns from "../../contract/returns.ts";
import * as roles from "../../contract/roles.ts";
import * as savedViews from "../../contract/saved-views.ts";
import * as channelAccounts from "../../contract/settings/channel-accounts.ts";
import * as customFields from "../../contract/settings/custom-fields.ts";
import * as holdReasons from "../../contract/settings/hold-reasons.ts";
import * as holidays from "../../contract/settings/holidays.ts";
import * as mailTemplates from "../../contract/settings/mail-templates.ts";
import * as vendorAccounts from "../../contract/settings/vendor-accounts.ts";
import * as webhookEvents from "../../contract/settings/webhook-events.ts";
import * as webhooks from "../../contract/settings/webhooks.ts";
import * as settings from "../../contract/settings.ts";
import * as shapes from "../../contract/shapes.ts";
import * as passkeys from "../../contract/sign-in/passkeys.ts";
import * as sessions from "../../contract/sign-in/sessions.ts";
import * as sourcingRules from "../../contract/sourcing-rules.ts";
import * as stock from "../../contract/stock.ts";
import * as stockCommands from "../../contract/stock-commands.ts";
import * as storeCredit from "../../contract/store-credit.ts";
import * as system from "../../contract/system.ts";
import * as tracking from "../../contract/tracking.ts";

const MODULES: readonly Readonly<Record<string, unknown>>[] = [
  shapes,
  orders,
  fulfillment,
  returns,
  refunds,
  claims,
  storeCredit,
  orderChanges,
  canonicalOrder,
  tracking,
  stock,
  stockCommands,
  catalog,
  locations,
  sourcingRules,
  channels,
  devices,
  floor,
  settings,
  customFields,
  holdReasons,
  holidays,
  mailTemplates,
  channelAccounts,
  vendorAccounts,
  webhooks,
  webhookEvents,
  people,
  roles,
  keys,
  sessions,
  passkeys,
  savedViews,
  personalData,
  audit,
  company,
  system,
];

/** By what the shape says, as JSON. */
const NAMES: ReadonlyMap<string, string> = names();

type Json = Readonly<Record<string, unknown>>;

/**
 * A schema in which each shape of the contract is a reference to its name.
 *
 * @param components gets the shapes that are referred to
 */
export function withNames(schema: unknown, components: Map<string, Json>): unknown {
  if (Array.isArray(schema)) return schema.map((each) => withNames(each, components));
  if (typeof schema !== "object" || schema === null) return schema;
  const name = isShape(schema) ? NAMES.get(JSON.stringify(schema)) : undefined;
  if (name === undefined) return membersWithNames(schema, components);
  if (!components.has(name)) {
    // Before its members are looked at, which may refer to it.
    components.set(name, {});
    components.set(name, membersWithNames(schema, components));
  }
  return { $ref: `#/components/schemas/${name}` };
}

function membersWithNames(schema: object, components: Map<string, Json>): Json {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      // What is allowed is no schema.
      key === "enum" || key === "const" ? value : withNames(value, components),
    ]),
  );
}

/** An object with fields, which is what deserves a name; or a choice of those. */
function isShape(value: object): boolean {
  return ("type" in value && value.type === "object" && "properties" in value) || "anyOf" in value;
}

function names(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const { canonicalOrderSchema } = canonicalOrder;
  found.set(JSON.stringify(canonicalOrderSchema), "CanonicalOrder");
  for (const [name, value] of MODULES.flatMap((module) => Object.entries(module))) {
    if (!/^[A-Z][A-Za-z]*[a-z][A-Za-z]*$/.test(name)) continue;
    if (typeof value !== "object" || value === null || !isShape(value)) continue;
    const said = JSON.stringify(value);
    if (!found.has(said)) found.set(said, name);
  }
  return found;
}
