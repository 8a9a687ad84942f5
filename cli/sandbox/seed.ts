/**
 * Fills an empty database with the sandbox. First comes the stock, through the engine like any receipt; then
 * everything else in one transaction, in which the company's row marks the sandbox as complete. If a start is
 * killed in between, the next one repeats the same receipts by the same ids, which changes nothing.
 */
import { randomBytes } from "node:crypto";
import type { StockCommand } from "../../actors/commands.ts";
import type { SecretBox } from "../../config/secret-box.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { API_SCOPES, createApiKey } from "../../store/access/api-keys.ts";
import { createStaff } from "../../store/access/staff.ts";
import { insertProducts } from "../../store/catalog/catalog.ts";
import { giveChannelSecret } from "../../store/catalog/channel-secrets.ts";
import { companyId, insertChannel, insertCompany } from "../../store/catalog/companies.ts";
import { insertLocations } from "../../store/catalog/locations.ts";
import { registerDevices } from "../../store/floor/devices.ts";
import { type Database, inTransaction, type Queryable } from "../../store/sql/database.ts";
import { insertKits } from "../../store/stock/kits.ts";
import type { LocalFile } from "../client/credentials.ts";
import { type SandboxProduct, sandboxCatalog } from "./catalog.ts";
import { SANDBOX_CHANNELS, SANDBOX_COMPANY, SANDBOX_LOCATIONS, SANDBOX_STAFF } from "./company.ts";
import { sandboxDevices } from "./devices.ts";
import { SANDBOX_KITS } from "./kits.ts";

/** Units of each SKU in each fulfillment center: days of sales, so that a demonstration does not sell out. */
const CENTER_STOCK = 4_000;
const STORE_STOCK = 12;
const SUPPLIER_STOCK = 500;
/** Never promised: as many units as a shelf usually differs from its books. */
const STORE_SAFETY_STOCK = 2;

export type SeedResult = Required<Pick<LocalFile, "apiKey" | "channelKeys" | "staffPassword">>;

/** @param staffPassword of every sandbox login */
export async function seedSandbox(
  database: Database,
  allocator: AllocatorClient,
  secretBox: SecretBox,
  staffPassword: string,
): Promise<SeedResult> {
  const catalog = sandboxCatalog();
  await receiveStock(allocator, catalog);
  return inTransaction(database, async (client) => {
    const { id: companyId } = SANDBOX_COMPANY;
    await insertCompany(client, SANDBOX_COMPANY);
    await insertLocations(client, companyId, SANDBOX_LOCATIONS);
    await insertProducts(client, companyId, [...catalog, ...SANDBOX_KITS.map((kit) => kit.product)]);
    await insertKits(client, SANDBOX_KITS);
    await registerDevices(client, sandboxDevices());
    for (const member of SANDBOX_STAFF) {
      await createStaff(client, { ...member, companyId, password: staffPassword });
    }
    const channelKeys: Record<string, string> = {};
    for (const channel of SANDBOX_CHANNELS) {
      await insertChannel(client, { ...channel, companyId, payOnDelivery: true });
      const at = new Date();
      await giveChannelSecret(client, secretBox, {
        channelId: channel.id,
        clearText: randomBytes(24).toString("base64url"),
        at,
        formerUntil: at,
      });
      const key = await createApiKey(client, {
        companyId,
        channelId: channel.id,
        name: `${channel.name} connector`,
        scopes: ["orders:write", "orders:read"],
      });
      channelKeys[channel.id] = key.clearText;
    }
    return { apiKey: await createLocalKey(client), channelKeys, staffPassword };
  });
}

/** The command line's own key, with every right. */
export async function createLocalKey(database: Queryable): Promise<string> {
  const key = await createApiKey(database, {
    companyId: (await companyId(database)) ?? SANDBOX_COMPANY.id,
    channelId: null,
    name: "local command line",
    scopes: API_SCOPES,
  });
  return key.clearText;
}

async function receiveStock(allocator: AllocatorClient, catalog: readonly SandboxProduct[]): Promise<void> {
  const atMs = Date.now();
  const commands: StockCommand[] = [];
  for (const location of SANDBOX_LOCATIONS) {
    for (const [index, product] of catalog.entries()) {
      const quantity = openingStock(location.kind, product, index);
      if (quantity === 0) continue;
      const position = { sku: product.sku, locationId: location.locationId };
      const id = `sandbox:${location.locationId}:${product.sku}`;
      commands.push({
        ...position,
        type: "receive",
        commandId: `${id}:receive`,
        atMs,
        cause: "sandbox:opening-stock",
        quantity,
      });
      if (location.kind === "store") {
        commands.push({
          ...position,
          type: "set-safety-stock",
          commandId: `${id}:safety`,
          atMs,
          cause: "sandbox:opening-stock",
          quantity: STORE_SAFETY_STOCK,
        });
      }
    }
  }
  const outcomes = await allocator.execute(commands);
  for (const outcome of outcomes) {
    // An earlier attempt that was interrupted has another time: its receipt is kept.
    if (outcome.status === "refused" && outcome.code !== "command_id_reused") {
      throw new Error(`the sandbox's opening stock was refused: ${outcome.detail}`);
    }
  }
}

function openingStock(kind: string, product: SandboxProduct, index: number): number {
  if (kind === "supplier") return product.source === "supplier" ? SUPPLIER_STOCK : 0;
  if (product.source === "supplier") return 0;
  if (kind === "store") return index % 3 === 0 ? STORE_STOCK : 0;
  return CENTER_STOCK;
}
