/** Connected channels: their accounts, how they do, and what people decide of what goes in and out. */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../../config/limits.ts";
import {
  AcceptDifferenceBody,
  BackfillBody,
  BackfillView,
  ChannelAccountDetail,
  ChannelConnectionView,
  ChannelListingView,
  ChannelTellingView,
  CompareBody,
  ComparisonView,
  ConnectChannelBody,
  DIFFERENCE_STATES,
  DifferenceView,
  DropTellingBody,
  LISTING_STATES,
  ListingMapped,
  MapListingBody,
  TELLING_STATES,
  TryChannelBody,
} from "../../../contract/settings/channel-accounts.ts";
import { TriedView } from "../../../contract/settings/vendor-accounts.ts";
import { closed, Done, Id, oneOf, pageOf, sortedPages, Text } from "../../../contract/shapes.ts";
import { mapListing } from "../../../operations/catalog/map-listing.ts";
import {
  askForBackfill,
  compareChannel,
  dropOneTelling,
  leaveDifference,
  sendTellingAgain,
} from "../../../operations/channels/settle.ts";
import {
  type ChannelTools,
  connectChannel,
  disconnectChannel,
  tryChannel,
} from "../../../operations/settings/connect-channel.ts";
import { channelAccountSubject, readChannelAccount } from "../../../store/channels/accounts.ts";
import {
  listBackfills,
  listChannelConnections,
  listComparisons,
  listDifferences,
  listListings,
  listTellings,
} from "../../../store/channels/channel-views.ts";
import { settingVersion } from "../../../store/settings/setting-changes.ts";
import { type Call, callerOf, done, param, type Route, route } from "../../http/route.ts";
import { csvOf } from "../../wire/csv.ts";
import { ApiError } from "../../wire/problem.ts";

const SEE = { kind: "permission", permission: "catalog.read" } as const;
const READ = { kind: "permission", permission: "settings.read" } as const;
const WRITE = { kind: "permission", permission: "channels.write" } as const;
const MAP = { kind: "permission", permission: "catalog.write" } as const;
/** Whoever names an account is sent our orders' ends and our stock. */
const PROOF = { kind: "recent" } as const;
const Asked = Type.Object({ id: Text });
const MOST_ROWS = 20_000;
const DIFFERENCE_COLUMNS = [
  "kind",
  "subject",
  "line",
  "order",
  "ours",
  "theirs",
  "cause",
  "state",
  "found_at",
  "settled_at",
  "reason",
] as const;

export const channelAccountRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/channel-connections",
    summary: "Channels that are connected to their vendors' APIs, and how each does",
    access: SEE,
    reply: pageOf(ChannelConnectionView),
    handle: async ({ services }) => ({
      json: { items: [...(await listChannelConnections(services.database, null))], next: null },
    }),
  }),
  route({
    method: "GET",
    path: "/v1/channels/{id}/account",
    summary: "A channel's account at its vendor's API, without its secrets",
    access: READ,
    reply: ChannelAccountDetail,
    handle: async (call) => ({ json: await detailOf(call) }),
  }),
  route({
    method: "PUT",
    path: "/v1/channels/{id}/account",
    summary: "Connects a channel, which is asked first whether it knows us, or changes its account",
    access: WRITE,
    proof: PROOF,
    body: ConnectChannelBody,
    reply: ChannelAccountDetail,
    idempotency: "accepted",
    handle: async (call) => {
      const { by } = callerOf(call);
      const { body } = call;
      const channelId = param(call, "id");
      done(await connectChannel(call.services.operations, toolsOf(call), { channelId, body, by }));
      return { json: await detailOf(call) };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/channels/{id}/account",
    summary: "Disconnects a channel: it is neither read nor told any more",
    access: WRITE,
    proof: PROOF,
    reply: Done,
    handle: async (call) => {
      const { by } = callerOf(call);
      done(await disconnectChannel(call.services.operations, toolsOf(call), param(call, "id"), by));
      return { json: { status: "done" as const } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/account/try",
    waitsForOthers: true,
    summary: "Asks the channel whether it knows us, by a call that changes nothing",
    access: WRITE,
    proof: PROOF,
    body: TryChannelBody,
    reply: TriedView,
    handle: async (call) => {
      const { values = {} } = call.body;
      const { operations } = call.services;
      const { works, detail } = done(await tryChannel(operations, toolsOf(call), param(call, "id"), values));
      return { json: { works, detail } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/channels/{id}/tellings",
    summary: "What the channel is told of its orders, newest first; `?state=dead`: what it would not take",
    access: READ,
    query: Type.Object({
      state: Type.Optional(oneOf(TELLING_STATES)),
      order: Type.Optional(Id),
      ...sortedPages("madeAt"),
    }),
    reply: pageOf(ChannelTellingView),
    handle: async (call) => {
      const { state, order, sort, cursor, limit = PAGE_DEFAULT } = call.query;
      const filter = { channelId: param(call, "id"), orderId: order, state, sort, cursor, limit };
      return { json: await listTellings(call.services.database, filter) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/tellings/{telling}/send-again",
    summary: "Tells the channel once more, from the first attempt on",
    access: WRITE,
    body: Type.Object({}, closed),
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const request = { channelId: param(call, "id"), id: tellingOf(call), by: callerOf(call).by };
      done(await sendTellingAgain(call.services.operations, request));
      return { status: 202, json: { status: "done" as const } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/tellings/{telling}/drop",
    summary: "Does not tell the channel, for a reason",
    access: WRITE,
    body: DropTellingBody,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const { reason } = call.body;
      const request = { channelId: param(call, "id"), id: tellingOf(call), by: callerOf(call).by, reason };
      done(await dropOneTelling(call.services.operations, request));
      return { json: { status: "done" as const } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/channels/{id}/backfills",
    summary: "Stretches of time whose orders were read once more, newest first",
    access: READ,
    reply: pageOf(BackfillView),
    handle: async (call) => ({ json: await listBackfills(call.services.database, param(call, "id")) }),
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/backfills",
    summary:
      "Reads the orders that changed at the channel in a stretch of time; those that are known stay as they are",
    access: WRITE,
    body: BackfillBody,
    reply: Asked,
    idempotency: "accepted",
    handle: async (call) => {
      const { since, until } = call.body;
      const request = { channelId: param(call, "id"), since, until, by: callerOf(call).by };
      const { id } = done(await askForBackfill(call.services.operations, request));
      return { status: 202, json: { id } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/channels/{id}/listings",
    summary: "What the channel offers for sale, what of ours it is, and how much of it is shown there",
    access: SEE,
    query: Type.Object({
      state: Type.Optional(oneOf(LISTING_STATES)),
      q: Type.Optional(Id),
      ...sortedPages("channelSku"),
    }),
    reply: pageOf(ChannelListingView),
    handle: async (call) => {
      const { state, q: text, sort, cursor, limit = PAGE_DEFAULT } = call.query;
      const filter = { channelId: param(call, "id"), state, text, sort, cursor, limit };
      return { json: await listListings(call.services.database, filter) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/listings/map",
    summary: "Says which units of which SKUs a listing is; several are sold as a kit",
    access: MAP,
    body: MapListingBody,
    reply: ListingMapped,
    idempotency: "accepted",
    handle: async (call) => {
      const { body } = call;
      const request = { channelId: param(call, "id"), body, by: callerOf(call).by };
      const { sku, released, stillOnHold } = done(await mapListing(call.services.operations, request));
      return { json: { sku, released: [...released], stillOnHold: [...stillOnHold] } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/channels/{id}/comparisons",
    summary: "When the channel's books were compared with ours, newest first",
    access: READ,
    reply: pageOf(ComparisonView),
    handle: async (call) => ({ json: await listComparisons(call.services.database, param(call, "id")) }),
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/comparisons",
    summary: "Compares the channel's books with ours",
    access: WRITE,
    body: CompareBody,
    reply: Asked,
    idempotency: "accepted",
    handle: async (call) => {
      const request = { channelId: param(call, "id"), days: call.body.days, by: callerOf(call).by };
      const { id } = done(await compareChannel(call.services.operations, request));
      return { status: 202, json: { id } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/channels/{id}/differences",
    summary:
      "Where the channel's books and ours differ, newest first; `?state=raised`: what waits for a person",
    access: READ,
    query: Type.Object({ state: Type.Optional(oneOf(DIFFERENCE_STATES)), ...sortedPages("foundAt") }),
    reply: pageOf(DifferenceView),
    handle: async (call) => {
      const { state, sort, cursor, limit = PAGE_DEFAULT } = call.query;
      const filter = { channelId: param(call, "id"), state, sort, cursor, limit };
      return { json: await listDifferences(call.services.database, filter) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/channels/{id}/differences.csv",
    summary: "The same list as a table, at most 20,000 rows",
    access: READ,
    query: Type.Object({ state: Type.Optional(oneOf(DIFFERENCE_STATES)) }),
    handle: async (call) => {
      const filter = { channelId: param(call, "id"), state: call.query.state, limit: MOST_ROWS };
      const { items } = await listDifferences(call.services.database, filter);
      return {
        contentType: "text/csv; charset=utf-8",
        bytes: csvOf(
          DIFFERENCE_COLUMNS,
          items.map((one) => [
            one.kind,
            one.subject,
            one.line,
            one.orderId ?? "",
            one.ours,
            one.theirs,
            one.cause,
            one.state,
            one.foundAt,
            one.settledAt ?? "",
            one.reason ?? "",
          ]),
        ),
        file: { name: "differences.csv" },
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/differences/{difference}/accept",
    summary: "Leaves a difference as it is, for a reason, for as long as it is the same",
    access: WRITE,
    body: AcceptDifferenceBody,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const { reason } = call.body;
      const request = {
        channelId: param(call, "id"),
        id: numberOf(call, "difference", "difference_not_open"),
        reason,
        by: callerOf(call).by,
      };
      done(await leaveDifference(call.services.operations, request));
      return { json: { status: "done" as const } };
    },
  }),
];

function toolsOf({ services }: Call<unknown, unknown>): ChannelTools {
  const { channelDesk: desk, secrets: box } = services;
  if (desk === null) throw new ApiError("not_found", "This gateway connects no channels.");
  return { desk, box };
}

const tellingOf = (call: Call<unknown, unknown>): string => numberOf(call, "telling", "telling_not_found");

function numberOf(
  call: Call<unknown, unknown>,
  name: string,
  code: "telling_not_found" | "difference_not_open",
): string {
  const text = param(call, name);
  if (!/^\d{1,18}$/.test(text)) throw new ApiError(code, "There is none of this number.");
  return text;
}

async function detailOf(call: Call<unknown, unknown>): Promise<ChannelAccountDetail> {
  const { database, secrets: box } = call.services;
  const channelId = param(call, "id");
  const account = await readChannelAccount(database, box, channelId);
  const [view] = account === null ? [] : await listChannelConnections(database, channelId);
  if (account === null || view === undefined)
    throw new ApiError("channel_not_connected", `The channel "${channelId}" is not connected.`);
  const {
    plain,
    secrets,
    locations,
    channelActive: _,
    stockPool: __,
    channelId: channel,
    ...rules
  } = account;
  const { channel: ___, name: ____, kind: _____, active: ______, ...state } = view;
  return {
    ...rules,
    channel,
    locations: locations === null ? null : [...locations],
    version: await settingVersion(database, channelAccountSubject(channelId)),
    values: plain,
    secrets: Object.keys(secrets),
    state,
  };
}
