/** `holdfast product`: the catalog is shown, added to and changed. */
import type { Command } from "commander";
import type {
  ChangeProductBody,
  Product,
  ProductBody,
  ProductComponents,
  ProductComponentsBody,
} from "../../contract/catalog.ts";
import type { Overview } from "../../contract/system.ts";
import { parseMoney } from "../../orders/money.ts";
import { minorText } from "../../orders/refund.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { errorCode, UserProblem } from "../problem.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";
import { eachOf, unitsByName } from "./option-values.ts";

type FieldOptions = AccessOptions & {
  readonly name?: string;
  readonly weight?: string;
  readonly size?: string;
  readonly price?: string;
  readonly currency?: string;
  readonly hsCode?: string;
  readonly origin?: string;
  readonly gtin?: string;
};

type CreateOptions = FieldOptions & {
  readonly name: string;
  readonly weight: string;
  readonly price: string;
  readonly currency?: string;
  readonly hsCode: string;
  readonly origin: string;
  readonly gtin: string;
  readonly tags: boolean;
  readonly substitutes?: string;
};

export function addProductCommand(program: Command): void {
  const product = program
    .command("product")
    .summary("show, add and change products")
    .description("Shows the catalog, adds products, and changes what it says of one. A change holds at once.")
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast product create SKU2006-001 --name "Aviator sunglasses" --weight 100 --price 89.99 \\
      --hs-code 900410 --origin IT --gtin 09521234990017
  $ npx holdfast product update SKU2006-001 --weight 120 --size 160x70x50
  $ npx holdfast product list sunglasses
  $ npx holdfast product kit GIFT-SET --component MUG-1=2 --component TEA-1=1

New products have no stock: \`holdfast stock receive\` brings some. What a channel calls otherwise is mapped by
\`holdfast map-sku\`.`,
    );
  withAccess(
    product.command("list").description("List products").argument("[text]", "part of the SKU or name"),
  ).action(list);
  withAccess(product.command("show").description("Show a product").argument("<sku>", "our SKU")).action(show);
  const create = product
    .command("create")
    .description("Add a product; held orders whose channel SKU equals it go on")
    .argument("<sku>", "our SKU")
    .requiredOption("--name <name>", "name of the product")
    .requiredOption("--weight <grams>", "weight of one unit in grams")
    .requiredOption("--price <amount>", "price, e.g. 89.99")
    .option("--currency <code>", "ISO 4217 code (default: the company's)")
    .requiredOption("--hs-code <code>", "tariff number, 6 to 10 digits")
    .requiredOption("--origin <country>", "country of origin, two letters")
    .requiredOption("--gtin <gtin>", "GTIN with its check digit")
    .option("--size <mm>", "length x width x height in mm, e.g. 200x150x100")
    .option("--no-tags", "its units bear no RFID tags")
    .option("--substitutes <skus>", "what may be sent in its place, first choice first, with commas between");
  withAccess(create).action(createProduct);
  const update = product
    .command("update")
    .description("Change a product; what is left out stays as it is")
    .argument("<sku>", "our SKU")
    .option("--name <name>", "name of the product")
    .option("--weight <grams>", "weight of one unit in grams")
    .option("--size <mm>", "length x width x height in mm, e.g. 200x150x100")
    .option("--price <amount>", "price, e.g. 89.99")
    .option("--currency <code>", "ISO 4217 code of the price (default: as it is)")
    .option("--hs-code <code>", "tariff number, 6 to 10 digits")
    .option("--origin <country>", "country of origin, two letters")
    .option("--gtin <gtin>", "GTIN with its check digit");
  withAccess(update).action(updateProduct);
  withAccess(
    product.command("kit").description("Say what one of a kit is picked as; a kit has no stock of its own"),
  )
    .argument("<sku>", "our SKU")
    .option(
      "--component <sku=units>",
      "a product and how many of it; may be repeated; none: it is no kit",
      eachOf,
      [],
    )
    .action(setComponents);
}

function pathOf(sku: string): string {
  return `/v1/products/${encodeURIComponent(sku)}`;
}

async function setComponents(
  sku: string,
  options: AccessOptions & { readonly component: readonly string[] },
): Promise<void> {
  const components = (unitsByName("--component", options.component) ?? []).map(({ name, units }) => ({
    sku: name,
    quantity: units,
  }));
  const body: ProductComponentsBody = { components };
  const rest = new RestClient(await findAccess(options));
  const kit = await rest.post<ProductComponents>(`${pathOf(sku)}/components`, body);
  if (options.json) printJson(kit);
  else if (kit.components.length === 0) print(`${sku} is no kit.`);
  else print(`${sku}: ${kit.components.map((one) => `${one.quantity} × ${one.sku}`).join(", ")}`);
}

async function list(text: string | undefined, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const q = text === undefined ? "" : `?q=${encodeURIComponent(text)}`;
  const rows: string[][] = [];
  for await (const one of rest.all<Product>(`/v1/products${q}`)) {
    if (options.json) printJson(one);
    else rows.push([one.sku, one.gtin, `${one.weightGrams} g`, priceOf(one), one.name]);
  }
  if (options.json) return;
  const head = ["sku", "gtin", "weight", "price", "name"];
  print(rows.length === 0 ? "No products." : table([head.map((one) => paint("dim", one)), ...rows], [2, 3]));
}

async function show(sku: string, options: AccessOptions): Promise<void> {
  tell(await new RestClient(await findAccess(options)).get<Product>(pathOf(sku)), options);
}

async function createProduct(sku: string, options: CreateOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const currency = options.currency ?? (await companyCurrency(rest));
  const product = {
    sku,
    ...(fieldsOf(options, currency) as Required<ChangeProductBody>),
    tagged: options.tags,
    substitutes: (options.substitutes ?? "").split(",").flatMap((one) => one.trim() || []),
  } satisfies ProductBody;
  const created = await rest.post<Product>("/v1/products", product);
  if (options.json) printJson(created);
  else print(`${paint("green", "created")} ${created.sku} ${created.name}`);
}

async function updateProduct(sku: string, options: FieldOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const currency = options.currency ?? (await rest.get<Product>(pathOf(sku))).currency;
  tell(await rest.patch<Product>(pathOf(sku), fieldsOf(options, currency)), options);
}

async function companyCurrency(rest: RestClient): Promise<string> {
  try {
    return (await rest.get<Overview>("/v1/overview")).currency;
  } catch (error) {
    if (errorCode(error) !== "forbidden") throw error;
    throw wrong("This key may not ask in which currency the company counts.", "--currency USD");
  }
}

/** @param currency that the price is in */
function fieldsOf(options: FieldOptions, currency: string): ChangeProductBody {
  const { name, weight, size, price, hsCode, origin, gtin } = options;
  return {
    ...(name === undefined ? {} : { name }),
    ...(weight === undefined ? {} : { weightGrams: wholeNumber("--weight", weight) }),
    ...(size === undefined ? {} : sizeOf(size)),
    ...(price === undefined ? {} : priceFrom(price, currency)),
    ...(hsCode === undefined ? {} : { hsCode }),
    ...(origin === undefined ? {} : { originCountry: origin.toUpperCase() }),
    ...(gtin === undefined ? {} : { gtin: gtin.padStart(14, "0") }),
  };
}

function priceFrom(text: string, currency: string): Pick<ProductBody, "priceMinor" | "currency"> {
  const price = parseMoney(text, currency);
  if (price === undefined) throw wrong(`"${text} ${currency}" is not an amount.`, "--price 89.99");
  return { priceMinor: price.minor, currency: price.currency };
}

function sizeOf(text: string): Pick<Product, "lengthMm" | "widthMm" | "heightMm"> {
  const parts = /^(\d{1,6})x(\d{1,6})x(\d{1,6})$/i.exec(text.trim());
  if (parts === null)
    throw wrong(`"${text}" is not a length, a width and a height in mm.`, "--size 200x150x100");
  const [, lengthMm, widthMm, heightMm] = parts.map(Number) as [number, number, number, number];
  return { lengthMm, widthMm, heightMm };
}

function wholeNumber(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw wrong(`"${text}" is not a weight in whole grams.`, `${option} 100`);
}

function wrong(what: string, example: string): UserProblem {
  return new UserProblem("invalid_argument", what, `Example: ${example}`, { exitStatus: 2 });
}

function tell(product: Product, options: AccessOptions): void {
  if (options.json) {
    printJson(product);
    return;
  }
  const { lengthMm, widthMm, heightMm, components } = product;
  print(
    [
      `${paint("bold", product.sku)}: ${product.name}`,
      table([
        ["  gtin", product.gtin],
        ["  price", priceOf(product)],
        ["  weight", `${product.weightGrams} g`],
        ["  size", `${lengthMm} x ${widthMm} x ${heightMm} mm`],
        ["  customs", `${product.hsCode} ${product.originCountry}`],
        ["  RFID tags", product.tagged ? "yes" : "no"],
        ["  substitutes", product.substitutes.join(", ") || "none"],
        ...(components === undefined
          ? []
          : [["  picked as", components.map((part) => `${part.quantity} × ${part.sku}`).join(", ")]]),
      ]),
    ].join("\n"),
  );
}

function priceOf({ priceMinor, currency }: Pick<Product, "priceMinor" | "currency">): string {
  return minorText(priceMinor, currency);
}
