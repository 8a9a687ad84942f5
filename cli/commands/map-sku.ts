/**
 * `holdfast map-sku`: tells which of our products a channel means by its SKU; orders that wait for it go on.
 */
import type { Command } from "commander";
import type { SkuMapping, UnmappedSku } from "../../contract/catalog.ts";
import type { Page } from "../../contract/shapes.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { UserProblem } from "../problem.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

type MapOptions = AccessOptions & { readonly channel?: string };

export function addMapSkuCommand(program: Command): void {
  const command = program
    .command("map-sku")
    .summary("map a channel's SKU to a product; without arguments, list what is unmapped")
    .description(
      "Maps a channel's SKU to a product of the catalog. Orders that were held for it go on by themselves. Without arguments " +
        "it lists the SKUs that held orders wait for.",
    )
    .option("--channel <channel>", "the channel whose SKU it is")
    .argument("[channel-sku]", "the channel's SKU")
    .argument("[sku]", "our SKU");
  withAccess(command)
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast map-sku
  $ npx holdfast map-sku --channel shopify SKU2006-001 HAT-BRM-SAND
See also: npx holdfast product create --help`,
    )
    .action(mapSku);
}

async function mapSku(
  channelSku: string | undefined,
  sku: string | undefined,
  options: MapOptions,
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  if (channelSku === undefined) {
    const rows: string[][] = [];
    const unmapped = await rest.get<Page<UnmappedSku>>("/v1/unmapped-skus");
    for (const one of unmapped.items) {
      if (options.channel !== undefined && one.channel !== options.channel) continue;
      if (options.json) printJson(one);
      else rows.push([one.channel, one.channelSku || "(none)", `${one.orders} held`, one.title]);
    }
    if (!options.json) print(rows.length === 0 ? "Every SKU is mapped." : table(rows));
    return;
  }
  if (sku === undefined || options.channel === undefined) {
    throw new UserProblem(
      "missing_argument",
      "A mapping needs --channel, the channel's SKU and ours.",
      "Example: npx holdfast map-sku --channel shopify SKU2006-001 HAT-BRM-SAND",
      { exitStatus: 2 },
    );
  }
  const mapping: SkuMapping = { channel: options.channel, channelSku, sku };
  const answer = await rest.post<unknown>("/v1/sku-mappings", mapping);
  if (options.json) printJson(answer);
  else
    print(
      `${paint("green", "mapped")} ${options.channel} ${channelSku} is ${sku}; orders held for it go on.`,
    );
}
