/**
 * Connects the sandbox to its simulated shop. Who has disconnected it, or switched it off, finds it so after
 * a restart; of one that is connected only what reaches the shop is written anew, since its port is another
 * one.
 */
import type { SecretBox } from "../../config/secret-box.ts";
import { insertChannel } from "../../store/catalog/companies.ts";
import { readChannelAccount, writeChannelAccount } from "../../store/channels/accounts.ts";
import { type Database, inTransaction } from "../../store/sql/database.ts";
import { SANDBOX_COMPANY, SANDBOX_SHOP } from "./company.ts";

const POLL_SECONDS = 3;

/** @param values of the vendor's variables; those whose names say so are secrets */
export async function connectSandboxShop(
  database: Database,
  box: SecretBox,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const { id: channelId, ...channel } = SANDBOX_SHOP;
  const part = (isSecret: boolean) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => name.endsWith("_SECRET") === isSecret));
  const reaching = { plain: part(false), secrets: part(true) };
  await inTransaction(database, async (client) => {
    const known = await client.query("select from channel where id = $1", [channelId]);
    const account = await readChannelAccount(client, box, channelId);
    if (account === null && known.rowCount !== 0) return;
    if (known.rowCount === 0)
      await insertChannel(client, { id: channelId, companyId: SANDBOX_COMPANY.id, ...channel });
    const usual = {
      channelId,
      active: true,
      pollSeconds: POLL_SECONDS,
      tellsOrders: true,
      tellsStock: true,
      locations: null,
      bufferUnits: 0,
      bufferPercent: 0,
      mostShown: null,
      comparesAt: null,
      runsLocation: null,
    };
    await writeChannelAccount(client, box, { ...usual, ...account, ...reaching }, new Date());
  });
}
