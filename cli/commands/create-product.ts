/**
 * `holdfast create-product`: adds a product to the catalog; held orders whose channel SKU equals it go on.
 */
import type { Command } from "commander";
import type { Product } from "../../contract/catalog.ts";
import { parseMoney } from "../../orders/money.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { UserProblem } from "../problem.ts";
import { paint, print, printJson } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

type ProductOptions = AccessOptions & {
  readonly name: string;
  readonly weight: string;
  readonly price: string;
  readonly currency: string;
  readonly hsCode: string;
  readonly origin: string;
  readonly gtin: string;
  readonly tags: boolean;
  readonly substitutes?: string;
};

export function addCreateProductCommand(program: Command): void {
  const command = program
    .command("create-product")
    .summary("add a product to the catalog")
    .description("Adds a product. It has no stock yet: `holdfast stock receive` brings some.")
    .requiredOption("--name <name>", "name of the product")
    .requiredOption("--weight <grams>", "weight of one unit in grams")
    .requiredOption("--price <amount>", "price, e.g. 89.99")
    .option("--currency <code>", "ISO 4217 code", "USD")
    .requiredOption("--hs-code <code>", "tariff number, 6 to 10 digits")
    .requiredOption("--origin <country>", "country of origin, two letters")
    .requiredOption("--gtin <gtin>", "GTIN with its check digit")
    .option("--no-tags", "its units bear no RFID tags")
    .option("--substitutes <skus>", "what may be sent in its place, first choice first, with commas between")
    .argument("<sku>", "our SKU");
  withAccess(command)
    .addHelpText(
      "after",
      `
Example:
  $ npx holdfast create-product SKU2006-001 --name "Aviator sunglasses" --weight 100 --price 89.99 \\
      --hs-code 900410 --origin IT --gtin 09521234990017`,
    )
    .action(createProduct);
}

async function createProduct(sku: string, options: ProductOptions): Promise<void> {
  const price = parseMoney(options.price, options.currency);
  const weightGrams = Number(options.weight);
  if (price === undefined || !Number.isInteger(weightGrams) || weightGrams <= 0) {
    throw new UserProblem(
      "invalid_argument",
      price === undefined
        ? `"${options.price} ${options.currency}" is not an amount.`
        : `"${options.weight}" is not a weight in whole grams.`,
      "Example: --price 89.99 --currency USD --weight 100",
      { exitStatus: 2 },
    );
  }
  const product: Omit<Product, "check"> = {
    sku,
    name: options.name,
    weightGrams,
    priceMinor: price.minor,
    currency: price.currency,
    hsCode: options.hsCode,
    originCountry: options.origin.toUpperCase(),
    gtin: options.gtin.padStart(14, "0"),
    tagged: options.tags,
    substitutes: (options.substitutes ?? "").split(",").flatMap((one) => one.trim() || []),
  };
  const created = await new RestClient(await findAccess(options)).post<Product>("/v1/products", product);
  if (options.json) printJson(created);
  else print(`${paint("green", "created")} ${sku} ${options.name}`);
}
