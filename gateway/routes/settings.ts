/**
 * What people set while the system runs, and who has changed what. Accounts at vendors are in `settings/`.
 */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../config/limits.ts";
import {
  ChannelSettings,
  ChannelSettingsBody,
  HoldRulesBody,
  HoldRulesView,
  ParcelLimitsBody,
  ParcelLimitsView,
  PickupRulesBody,
  PickupRulesView,
  RefundLimits,
  RefundLimitsBody,
  SettingChange,
  StockLimits,
  StockLimitsBody,
} from "../../contract/settings.ts";
import { pageOf, sortedPages } from "../../contract/shapes.ts";
import {
  CheckSourcingRulesBody,
  SourcingRulesBody,
  SourcingRulesCheck,
  SourcingRulesView,
} from "../../contract/sourcing-rules.ts";
import { changeChannel } from "../../operations/settings/change-channel.ts";
import { changeHoldRules } from "../../operations/settings/change-hold-rules.ts";
import { changeParcelLimits } from "../../operations/settings/change-parcel-limits.ts";
import { changePickupRules } from "../../operations/settings/change-pickup-rules.ts";
import { changeRefundLimits } from "../../operations/settings/change-refund-limits.ts";
import { changeSourcingRules, checkSourcingRules } from "../../operations/settings/change-sourcing-rules.ts";
import { changeStockLimits } from "../../operations/settings/change-stock-limits.ts";
import { listRoles } from "../../store/access/roles.ts";
import { companyCurrency } from "../../store/catalog/companies.ts";
import { findChannelSettings } from "../../store/settings/channel-rules.ts";
import { holdRulesSubject, readHoldRules } from "../../store/settings/hold-rules.ts";
import { parcelLimitsSubject, readParcelLimits } from "../../store/settings/parcel-limits.ts";
import { pickupRulesSubject, readPickupRules } from "../../store/settings/pickup-rules.ts";
import { REFUND_LIMITS_SUBJECT, readRefundLimitSetting } from "../../store/settings/refund-limits.ts";
import { listSettingChanges, settingVersion } from "../../store/settings/setting-changes.ts";
import { listSourcingRules, readSourcingRulesVersion } from "../../store/settings/sourcing-rules.ts";
import { readStockLimits, STOCK_LIMITS_SUBJECT } from "../../store/settings/stock-limits.ts";
import {
  KEY_ROLE,
  type Permission,
  permissionsOfRole,
  rolesThatGive,
  SCOPE_PERMISSIONS,
} from "../access/permissions.ts";
import { type Call, callerOf, done, param, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

const READ = { kind: "permission", permission: "settings.read" } as const;
/** Limits are rights: how much of the money, and of the goods. */
const PROOF = { kind: "recent" } as const;

export const settingsRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/channels/{id}/settings",
    summary: "A channel's rules: who charges, shortages, the shoppers' window",
    access: READ,
    reply: ChannelSettings,
    handle: async (call) => ({ json: await channelSettings(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/settings",
    summary: "Sets rules of a channel; what is left out stays as it is",
    access: { kind: "permission", permission: "channels.write" },
    body: ChannelSettingsBody,
    reply: ChannelSettings,
    idempotency: "accepted",
    handle: async (call) => {
      done(await changeChannel(call.services.operations, param(call, "id"), call.body, callerOf(call).by));
      return { json: await channelSettings(call) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/channels/{id}/hold-rules",
    summary: "Which new orders of a channel wait for a person to look at them",
    access: READ,
    reply: HoldRulesView,
    handle: async (call) => ({ json: await holdRulesOf(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/hold-rules",
    summary: "Sets which new orders of a channel wait for a person; what is left out stays as it is",
    access: { kind: "permission", permission: "channels.write" },
    body: HoldRulesBody,
    reply: HoldRulesView,
    idempotency: "accepted",
    handle: async (call) => {
      done(await changeHoldRules(call.services.operations, param(call, "id"), call.body, callerOf(call).by));
      return { json: await holdRulesOf(call) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/locations/{id}/pickup-rules",
    summary: "How long a store keeps what waits to be collected, and when the customer is reminded",
    access: READ,
    reply: PickupRulesView,
    handle: async (call) => ({ json: await pickupRulesOf(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/locations/{id}/pickup-rules",
    summary: "Sets how long a store keeps what waits to be collected; what is left out stays as it is",
    access: { kind: "permission", permission: "locations.write" },
    body: PickupRulesBody,
    reply: PickupRulesView,
    idempotency: "accepted",
    handle: async (call) => {
      done(
        await changePickupRules(call.services.operations, param(call, "id"), call.body, callerOf(call).by),
      );
      return { json: await pickupRulesOf(call) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/parcel-limits",
    summary: "What one parcel may weigh by company and by place, beside what carriers take",
    access: READ,
    reply: ParcelLimitsView,
    handle: async (call) => ({ json: await parcelLimitsOf(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/parcel-limits",
    summary: "Sets what one parcel may weigh; what is left out stays as it is",
    access: { kind: "permission", permission: "locations.write" },
    body: ParcelLimitsBody,
    reply: ParcelLimitsView,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      done(await changeParcelLimits(call.services.operations, companyId, call.body, by));
      return { json: await parcelLimitsOf(call) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/settings/sourcing-rules",
    summary: "The rules by which orders are sourced",
    access: READ,
    reply: SourcingRulesView,
    handle: async (call) => ({ json: await sourcingRulesOf(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/settings/sourcing-rules",
    summary: "Sets all rules by which orders are sourced from now on",
    access: { kind: "permission", permission: "locations.write" },
    body: SourcingRulesBody,
    reply: SourcingRulesView,
    idempotency: "accepted",
    handle: async (call) => {
      done(await changeSourcingRules(call.services.operations, call.body, callerOf(call).by));
      return { json: await sourcingRulesOf(call) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/settings/sourcing-rules/check",
    summary: "Says everything that is wrong with rules, without setting them",
    access: READ,
    body: CheckSourcingRulesBody,
    reply: SourcingRulesCheck,
    handle: async ({ body }) => ({ json: checkSourcingRules(body.rules) }),
  }),
  route({
    method: "GET",
    path: "/v1/settings/sourcing-rules/versions",
    summary: "Every version of the sourcing rules that ever counted, newest first",
    access: READ,
    query: Type.Object(sortedPages("version")),
    reply: pageOf(SourcingRulesView),
    handle: async ({ query, services }) => ({
      json: await listSourcingRules(services.database, {
        sort: query.sort,
        cursor: query.cursor,
        limit: query.limit ?? PAGE_DEFAULT,
      }),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/refund-limits",
    summary: "What each role may give away on one order in a day",
    access: READ,
    reply: RefundLimits,
    handle: async (call) => ({ json: await refundLimits(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/refund-limits",
    summary: "Sets all limits of what roles may give away",
    access: { kind: "permission", permission: "refunds.limits" },
    proof: PROOF,
    body: RefundLimitsBody,
    reply: RefundLimits,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      done(
        await changeRefundLimits(call.services.operations, {
          ...call.body,
          by,
          companyId,
          roles: [...(await rolesThatGive(call.services.database)), KEY_ROLE],
          standard: call.services.refundLimits,
        }),
      );
      return { json: await refundLimits(call) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/stock-limits",
    summary: "How far one person alone may correct a stock position",
    access: READ,
    reply: StockLimits,
    handle: async (call) => ({ json: await stockLimits(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/stock-limits",
    summary: "Sets how far one person alone may correct a stock position",
    access: { kind: "permission", permission: "stock.limits" },
    proof: PROOF,
    body: StockLimitsBody,
    reply: StockLimits,
    idempotency: "accepted",
    handle: async (call) => {
      done(await changeStockLimits(call.services.operations, call.body, callerOf(call).by));
      return { json: await stockLimits(call) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/setting-changes",
    summary: "Who has changed which setting, from what to what, newest first",
    access: READ,
    query: Type.Object(sortedPages("at")),
    reply: pageOf(SettingChange),
    handle: async ({ query, services }) => ({
      json: await listSettingChanges(services.database, {
        sort: query.sort,
        cursor: query.cursor,
        limit: query.limit ?? PAGE_DEFAULT,
      }),
    }),
  }),
];

async function channelSettings(call: Call<unknown, unknown>) {
  const channelId = param(call, "id");
  const settings = await findChannelSettings(call.services.database, channelId);
  if (settings === null) throw new ApiError("channel_not_found", `There is no channel ${channelId}.`);
  return settings;
}

async function holdRulesOf(call: Call<unknown, unknown>): Promise<HoldRulesView> {
  const channel = param(call, "id");
  const { database } = call.services;
  const rules = await readHoldRules(database, channel);
  if (rules === undefined) throw new ApiError("channel_not_found", `There is no channel ${channel}.`);
  const version = await settingVersion(database, holdRulesSubject(channel));
  return { ...rules, skus: [...rules.skus], countries: [...rules.countries], channel, version };
}

async function parcelLimitsOf(call: Call<unknown, unknown>): Promise<ParcelLimitsView> {
  const { database } = call.services;
  const { companyId } = callerOf(call);
  const { company, places } = await readParcelLimits(database, companyId);
  const version = await settingVersion(database, parcelLimitsSubject(companyId));
  return { version, company, places: [...places] };
}

async function pickupRulesOf(call: Call<unknown, unknown>): Promise<PickupRulesView> {
  const location = param(call, "id");
  const { database } = call.services;
  const rules = await readPickupRules(database, location);
  if (rules === undefined) throw new ApiError("location_not_found", `There is no location ${location}.`);
  return { ...rules, location, version: await settingVersion(database, pickupRulesSubject(location)) };
}

async function stockLimits({ services: { database } }: Call<unknown, unknown>): Promise<StockLimits> {
  const limits = await readStockLimits(database);
  return { ...limits, version: await settingVersion(database, STOCK_LIMITS_SUBJECT) };
}

async function sourcingRulesOf({ services }: Call<unknown, unknown>): Promise<SourcingRulesView> {
  const rules = await readSourcingRulesVersion(services.database);
  if (rules === null) throw new Error("the database has no sourcing rules");
  return rules;
}

async function refundLimits(call: Call<unknown, unknown>): Promise<RefundLimits> {
  const { database, refundLimits: standard } = call.services;
  const [version, set, currency, staffRoles] = await Promise.all([
    settingVersion(database, REFUND_LIMITS_SUBJECT),
    readRefundLimitSetting(database),
    companyCurrency(database, callerOf(call).companyId),
    listRoles(database),
  ]);
  return {
    version,
    from: set === null ? "environment" : "page",
    currency,
    limits: set ?? standard,
    roles: [
      ...staffRoles.map((role) => grantsOf(role.id, permissionsOfRole(role))),
      grantsOf(KEY_ROLE, new Set(Object.values(SCOPE_PERMISSIONS).flat())),
    ],
  };
}

function grantsOf(role: string, permissions: ReadonlySet<Permission>) {
  return {
    role,
    givesRefunds: permissions.has("refunds.give"),
    appliesStoreCredit: permissions.has("store-credit.apply"),
    decidesClaims: permissions.has("claims.decide"),
    exchanges: permissions.has("returns.exchange"),
  };
}
