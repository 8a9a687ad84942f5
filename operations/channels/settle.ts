/** What people decide of a channel's work: told again, dropped, read once more, compared, left as it is. */
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { acceptDifference, askForComparison } from "../../store/channels/comparisons.ts";
import { addBackfill, readChannelProgress } from "../../store/channels/progress.ts";
import { dropTelling, lockTelling, tellAgain } from "../../store/channels/tellings.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

type Done = { readonly status: "done" };
const DONE: Done = { status: "done" };
const DAY_MS = 86_400_000;
const USUAL_DAYS = 7;

export function sendTellingAgain(
  context: OperationContext,
  request: { readonly channelId: string; readonly id: string; readonly by: string },
): Promise<Done | Refusal> {
  return settle(context, request, "channel.told-again", async (client) => {
    await tellAgain(client, request.id);
  });
}

export function dropOneTelling(
  context: OperationContext,
  request: { readonly channelId: string; readonly id: string; readonly by: string; readonly reason: string },
): Promise<Done | Refusal> {
  return settle(context, request, "channel.telling-dropped", async (client) => {
    await dropTelling(client, request.id, request);
  });
}

function settle(
  context: OperationContext,
  {
    channelId,
    id,
    by,
    reason,
  }: { readonly channelId: string; readonly id: string; readonly by: string; readonly reason?: string },
  act: "channel.told-again" | "channel.telling-dropped",
  write: (client: DatabaseClient) => Promise<void>,
): Promise<Done | Refusal> {
  return inTransaction(context.database, async (client) => {
    const telling = await lockTelling(client, channelId, id);
    if (telling === undefined)
      return refuse("telling_not_found", "There is nothing such that this channel is to be told.");
    const isDrop = act === "channel.telling-dropped";
    if (isDrop && telling.state === "dropped") return DONE;
    if (isDrop && telling.state === "told")
      return refuse("telling_told", "The channel has been told that: it cannot be dropped any more.");
    await write(client);
    await recordAudit(client, callerIn(context, by), {
      act,
      subject: `order:${telling.orderId}`,
      before: { state: telling.state },
      after: { channel: channelId, kind: telling.kind, ...(reason === undefined ? {} : { reason }) },
    });
    return DONE;
  });
}

export async function askForBackfill(
  context: OperationContext,
  request: {
    readonly channelId: string;
    readonly since: string;
    readonly until: string | undefined;
    readonly by: string;
  },
): Promise<(Done & { readonly id: string }) | Refusal> {
  const since = new Date(request.since);
  const until = request.until === undefined ? new Date(context.now()) : new Date(request.until);
  if (since >= until) return refuse("range_empty", "The range ends before it begins.");
  return inTransaction(context.database, async (client) => {
    if ((await readChannelProgress(client, request.channelId)) === null)
      return notConnected(request.channelId);
    const id = await addBackfill(client, { channelId: request.channelId, since, until, by: request.by });
    await recordAudit(client, callerIn(context, request.by), {
      act: "channel.backfill-asked",
      subject: `channel:${request.channelId}`,
      after: { since: since.toISOString(), until: until.toISOString() },
    });
    return { ...DONE, id };
  });
}

export async function compareChannel(
  context: OperationContext,
  request: { readonly channelId: string; readonly days: number | undefined; readonly by: string },
): Promise<(Done & { readonly id: string }) | Refusal> {
  const { channelId, days = USUAL_DAYS, by } = request;
  return inTransaction(context.database, async (client) => {
    if ((await readChannelProgress(client, channelId)) === null) return notConnected(channelId);
    const since = new Date(context.now() - days * DAY_MS);
    return { ...DONE, id: await askForComparison(client, { channelId, since, by }) };
  });
}

export async function leaveDifference(
  context: OperationContext,
  request: { readonly channelId: string; readonly id: string; readonly reason: string; readonly by: string },
): Promise<Done | Refusal> {
  const { channelId, id, reason, by } = request;
  return inTransaction(context.database, async (client) => {
    if (!(await acceptDifference(client, channelId, id, { by, reason })))
      return refuse("difference_not_open", "There is no open difference of this number.");
    await recordAudit(client, callerIn(context, by), {
      act: "channel.difference-accepted",
      subject: `channel:${channelId}`,
      after: { difference: id, reason },
    });
    return DONE;
  });
}

function notConnected(channelId: string): Refusal {
  return refuse("channel_not_connected", `The channel "${channelId}" is not connected.`);
}
