/** Webhooks out: who is told what happens to orders, and what became of each message. */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../../config/limits.ts";
import {
  ChangeWebhookBody,
  CreateWebhookBody,
  DELIVERY_STATES,
  IssuedWebhook,
  RotateWebhookBody,
  WebhookDeliveryView,
  WebhookSubscriptionView,
  WebhookTried,
} from "../../../contract/settings/webhooks.ts";
import { closed, Done, oneOf, PageQuery, pageOf } from "../../../contract/shapes.ts";
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  rotateWebhook,
} from "../../../operations/webhooks/change-subscription.ts";
import { tryWebhook } from "../../../operations/webhooks/deliver.ts";
import {
  listDeliveries,
  listWebhooks,
  readWebhook,
  repeatMessage,
} from "../../../store/settings/webhook-subscriptions.ts";
import { type Call, callerOf, done, param, type Route, route } from "../../http/route.ts";
import { ApiError } from "../../wire/problem.ts";

// What is told of orders is as personal as the orders.
const READ = { kind: "permission", permission: "webhooks.read" } as const;
const WRITE = { kind: "permission", permission: "webhooks.write" } as const;
/** Whoever names an address is sent what is told of orders. */
const PROOF = { kind: "recent" } as const;
const Nothing = Type.Object({}, closed);

export const webhookSubscriptionRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/webhook-subscriptions",
    summary: "Who is told by webhook what happens to orders",
    access: READ,
    reply: pageOf(WebhookSubscriptionView),
    handle: async (call) => {
      const items = await listWebhooks(call.services.database, callerOf(call).companyId, null);
      return { json: { items: [...items], next: null } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/webhook-subscriptions",
    summary:
      "Tells an address what happens to orders from now on; the secret is in this answer and nowhere else",
    access: WRITE,
    proof: PROOF,
    body: CreateWebhookBody,
    reply: IssuedWebhook,
    idempotency: "accepted",
    kept: (issued) => ({ ...issued, secret: null }),
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      const { body } = call;
      const { secret } = done(
        await createWebhook(call.services.operations, toolsOf(call), { body, companyId, by }),
      );
      return { status: 201, json: { webhook: await viewOf(call, body.id), secret } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/webhook-subscriptions/{id}",
    summary: "One of them, with how far it has been told",
    access: READ,
    reply: WebhookSubscriptionView,
    handle: async (call) => ({ json: await viewOf(call) }),
  }),
  route({
    method: "PATCH",
    path: "/v1/webhook-subscriptions/{id}",
    summary: "Changes one; switched off, it is told later what happened meanwhile",
    access: WRITE,
    proof: PROOF,
    body: ChangeWebhookBody,
    reply: WebhookSubscriptionView,
    idempotency: "accepted",
    handle: async (call) => {
      await viewOf(call);
      const { by } = callerOf(call);
      const { operations } = call.services;
      done(await changeWebhook(operations, toolsOf(call), param(call, "id"), { body: call.body, by }));
      return { json: await viewOf(call) };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/webhook-subscriptions/{id}",
    summary: "Tells it nothing any more, also not what was not delivered",
    access: WRITE,
    reply: Done,
    handle: async (call) => {
      await viewOf(call);
      const { operations } = call.services;
      done(await deleteWebhook(operations, toolsOf(call), param(call, "id"), callerOf(call).by));
      return { json: { status: "done" as const } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/webhook-subscriptions/{id}/rotate-secret",
    summary: "Signs with another secret; the one before signs beside it for the overlap",
    access: WRITE,
    proof: PROOF,
    body: RotateWebhookBody,
    reply: IssuedWebhook,
    idempotency: "accepted",
    kept: (issued) => ({ ...issued, secret: null }),
    handle: async (call) => {
      await viewOf(call);
      const { overlapHours } = call.body;
      const { by } = callerOf(call);
      const { operations } = call.services;
      const { secret } = done(
        await rotateWebhook(operations, toolsOf(call), param(call, "id"), { overlapHours, by }),
      );
      return { json: { webhook: await viewOf(call), secret } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/webhook-subscriptions/{id}/test",
    summary: "Sends a message of type webhook.test, and says what came of it",
    access: WRITE,
    body: Nothing,
    reply: WebhookTried,
    handle: async (call) => {
      await viewOf(call);
      const { database, operations } = call.services;
      const tools = toolsOf(call);
      const webhook = await readWebhook(database, tools.box, param(call, "id"));
      if (webhook === null) throw notThere(call);
      const { status, problem } = await tryWebhook({ database, now: operations.now, ...tools }, webhook);
      return { json: { delivered: problem === null, httpStatus: status, problem } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/webhook-subscriptions/{id}/deliveries",
    summary: "What became of its messages, the last tried first; `?state=dead`: those that were put aside",
    access: READ,
    query: Type.Object({ state: Type.Optional(oneOf(DELIVERY_STATES)), ...PageQuery }),
    reply: pageOf(WebhookDeliveryView),
    handle: async (call) => {
      await viewOf(call);
      const { state, cursor, limit = PAGE_DEFAULT } = call.query;
      const filter = { subscriptionId: param(call, "id"), state, cursor, limit };
      return { json: await listDeliveries(call.services.database, filter) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/webhook-subscriptions/{id}/deliveries/{messageId}/replay",
    summary: "Sends a message once more, under its id, beside those that wait",
    access: WRITE,
    body: Nothing,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      await viewOf(call);
      const { database } = call.services;
      if (!(await repeatMessage(database, param(call, "id"), param(call, "messageId"))))
        throw new ApiError("not_found", "There is no such message, or it is being delivered.");
      return { status: 202, json: { status: "done" as const } };
    },
  }),
];

function toolsOf({ services }: Call<unknown, unknown>) {
  return { box: services.secrets, sender: services.webhookSender };
}

async function viewOf(
  call: Call<unknown, unknown>,
  id = param(call, "id"),
): Promise<WebhookSubscriptionView> {
  const [view] = await listWebhooks(call.services.database, callerOf(call).companyId, id);
  if (view === undefined) throw notThere(call);
  return view;
}

function notThere(call: Call<unknown, unknown>): ApiError {
  return new ApiError("webhook_subscription_not_found", `There is no webhook "${param(call, "id")}".`);
}
