/** What a product of the catalog has to be, whoever says it and how. */
import { countryCode } from "../../orders/geography.ts";
import { gtin14 } from "../../orders/gtin.ts";
import { currencyExponent } from "../../orders/money.ts";
import type { NewProduct } from "../../store/catalog/catalog.ts";
import { type Refusal, refuse } from "../refusal.ts";

/** The heaviest parcel that a carrier takes is 70 kg. Goods beyond a tonne are not parcels at all. */
const MAX_WEIGHT_GRAMS = 1_000_000;
const MAX_DIMENSION_MM = 10_000;

/** The product with its codes written out (GTIN-14, capitals), or `invalid_product` with what is wrong. */
export function checkedProduct<P extends NewProduct>(product: P): P | Refusal {
  const problem = problemOf(product);
  if (problem !== null) return refuse("invalid_product", problem);
  const gtin = gtin14(product.gtin);
  const originCountry = countryCode(product.originCountry);
  if (gtin === undefined) {
    const detail = `"${product.gtin}" is not a GTIN: 8, 12, 13 or 14 digits of which the last checks the others.`;
    return refuse("invalid_product", detail);
  }
  if (originCountry === undefined) {
    return refuse("invalid_product", `"${product.originCountry}" is not a country.`);
  }
  return { ...product, currency: product.currency.toUpperCase(), originCountry, gtin };
}

function problemOf(product: NewProduct): string | null {
  const isWhole = (value: number, from: number, to: number) =>
    Number.isSafeInteger(value) && value >= from && value <= to;
  if (!/^[\x21-\x7e]{1,64}$/.test(product.sku))
    return "A SKU has 1 to 64 printable ASCII characters, no spaces.";
  if (product.name.trim() === "" || product.name.length > 500) return "A product needs a name.";
  if (!isWhole(product.weightGrams, 1, MAX_WEIGHT_GRAMS)) return "Weight is in grams, 1 to 1,000,000.";
  const dimensions = [product.lengthMm ?? 200, product.widthMm ?? 150, product.heightMm ?? 100];
  if (!dimensions.every((mm) => isWhole(mm, 1, MAX_DIMENSION_MM)))
    return "Dimensions are in mm, 1 to 10,000.";
  if (!isWhole(product.priceMinor, 0, 1e12)) return "The price is in minor units, not negative.";
  if (currencyExponent(product.currency.toUpperCase()) === undefined) {
    return `The currency "${product.currency}" is none of ISO 4217; expected its three letters, for example "USD"`;
  }
  if (!/^\d{6,10}$/.test(product.hsCode.replaceAll(".", ""))) return "An HS code has 6 to 10 digits.";
  return null;
}
