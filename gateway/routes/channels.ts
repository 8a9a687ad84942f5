/** Channels: made, changed, switched off, and the secrets that sign their webhooks. */
import Type from "typebox";
import { isSecret } from "../../config/vendor-settings.ts";
import { ChannelView } from "../../contract/catalog.ts";
import {
  ChangeChannelBody,
  ChannelDetail,
  ChannelKindView,
  CreateChannelBody,
  IssuedChannel,
  RotateChannelSecretBody,
} from "../../contract/channels.ts";
import { closed, pageOf } from "../../contract/shapes.ts";
import { changeChannel } from "../../operations/settings/change-channel.ts";
import {
  createChannel,
  rotateChannelSecret,
  usualChannelRules,
} from "../../operations/settings/create-channel.ts";
import { listChannels } from "../../store/catalog/catalog-views.ts";
import { listChannelSecrets } from "../../store/catalog/channel-secrets.ts";
import { channelSubject, readChannelRules } from "../../store/settings/channel-rules.ts";
import { settingVersion } from "../../store/settings/setting-changes.ts";
import { type Call, callerOf, done, param, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

const READ = { kind: "permission", permission: "settings.read" } as const;
const WRITE = { kind: "permission", permission: "channels.write" } as const;
/** Whoever has the secret speaks for the channel. */
const PROOF = { kind: "recent" } as const;

/** A repeat of the request that made a secret is answered without it: nothing keeps it in clear text. */
const withoutSecret = (issued: IssuedChannel): IssuedChannel => ({ ...issued, secret: null });

export const channelRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/channels",
    summary: "Sales channels",
    access: { kind: "permission", permission: "catalog.read" },
    reply: pageOf(ChannelView),
    handle: async ({ services }) => ({ json: await listChannels(services.database) }),
  }),
  route({
    method: "POST",
    path: "/v1/channels",
    summary: "Makes a channel; the secret of its webhooks is in this answer and nowhere else",
    access: WRITE,
    proof: PROOF,
    body: CreateChannelBody,
    reply: IssuedChannel,
    idempotency: "accepted",
    kept: withoutSecret,
    handle: async (call) => {
      const { operations, secrets, channelAdapters } = call.services;
      const { by, companyId } = callerOf(call);
      const kinds = [...channelAdapters.keys()];
      const { secret } = done(
        await createChannel(operations, secrets, { body: call.body, companyId, kinds, by }),
      );
      return { status: 201, json: { channel: await detailOf(call, call.body.id), secret } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/channel-kinds",
    summary: "Which kinds of channels there are, with what is usual for each",
    access: READ,
    reply: pageOf(ChannelKindView),
    handle: async ({ services }) => {
      const items = [...services.channelAdapters.keys()].map((kind) => {
        const { chargedBy, onShortage } = usualChannelRules(kind);
        const variables = services.channelDesk?.kinds.get(kind);
        const settings =
          variables?.map((variable) => ({
            name: variable.name,
            meaning: variable.meaning,
            standard: variable.standard,
            required: variable.requiredToServe,
            secret: isSecret(variable),
          })) ?? null;
        const keeper = services.channelDesk?.keepsGoods.get(kind);
        const keepsGoods = keeper === undefined ? null : { where: keeper.where, needs: keeper.needs ?? null };
        return { kind, chargedBy, onShortage, settings, keepsGoods };
      });
      return { json: { items, next: null } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/channels/{id}",
    summary: "A channel with its rules, where its webhooks go and which secrets count",
    access: READ,
    reply: ChannelDetail,
    handle: async (call) => ({ json: await detailOf(call, param(call, "id")) }),
  }),
  route({
    method: "PATCH",
    path: "/v1/channels/{id}",
    summary: "Changes a channel's name and rules; what is left out stays as it is",
    access: WRITE,
    body: ChangeChannelBody,
    reply: ChannelDetail,
    idempotency: "accepted",
    handle: async (call) => {
      const id = param(call, "id");
      done(await changeChannel(call.services.operations, id, call.body, callerOf(call).by));
      return { json: await detailOf(call, id) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/disable",
    summary: "Switches a channel off: what it sends is refused by name, what is under way goes on",
    access: WRITE,
    body: Type.Object({}, closed),
    reply: ChannelDetail,
    idempotency: "accepted",
    handle: (call) => switchChannel(call, false),
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/enable",
    summary: "Switches a channel on again",
    access: WRITE,
    body: Type.Object({}, closed),
    reply: ChannelDetail,
    idempotency: "accepted",
    handle: (call) => switchChannel(call, true),
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/rotate-secret",
    summary: "Gives a channel's webhooks another secret; the one before counts on for the overlap",
    access: WRITE,
    proof: PROOF,
    body: RotateChannelSecretBody,
    reply: IssuedChannel,
    idempotency: "accepted",
    kept: withoutSecret,
    handle: async (call) => {
      const channelId = param(call, "id");
      const { operations, secrets } = call.services;
      const { secret } = done(
        await rotateChannelSecret(operations, secrets, { channelId, body: call.body, by: callerOf(call).by }),
      );
      return { json: { channel: await detailOf(call, channelId), secret } };
    },
  }),
];

async function switchChannel(call: Call<unknown, unknown>, active: boolean) {
  const id = param(call, "id");
  done(await changeChannel(call.services.operations, id, { version: null, active }, callerOf(call).by));
  return { json: await detailOf(call, id) };
}

async function detailOf({ services }: Call<unknown, unknown>, id: string): Promise<ChannelDetail> {
  const { database, operations, publicUrl } = services;
  const stored = await readChannelRules(database, id);
  if (stored === undefined) throw new ApiError("channel_not_found", `There is no channel "${id}".`);
  const { kind, rules } = stored;
  return {
    ...rules,
    id,
    kind,
    version: await settingVersion(database, channelSubject(id)),
    webhook: {
      url: `${publicUrl}/v1/webhooks/channels/${encodeURIComponent(kind)}/${encodeURIComponent(id)}`,
      secrets: [...(await listChannelSecrets(database, id, new Date(operations.now())))],
    },
  };
}
