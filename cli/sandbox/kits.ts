/**
 * The two kits that the sandbox sells beside its 300 products. Their components are such products.
 */
import { gs1CheckDigit } from "../../orders/handling-unit.ts";
import type { StoredKit } from "../../store/stock/kits.ts";
import type { SandboxProduct } from "./catalog.ts";

type SandboxKit = StoredKit & { readonly product: Omit<SandboxProduct, "source"> };

export const SANDBOX_KITS: readonly SandboxKit[] = [
  {
    sku: "KIT-COOK",
    components: [
      { sku: "STV-GAS-SLATE", quantity: 1 },
      { sku: "POT-TTN-SLATE", quantity: 2 },
    ],
    product: product(
      "KIT-COOK",
      "Camp kitchen: a stove and two pots",
      325,
      15900,
      [180, 150, 120],
      "732111",
      900,
    ),
  },
  {
    sku: "KIT-NIGHT",
    components: [
      { sku: "SLP-QLT-MOSS", quantity: 1 },
      { sku: "SLP-MAT-MOSS", quantity: 1 },
      { sku: "SLP-PIL-MOSS", quantity: 1 },
    ],
    product: product(
      "KIT-NIGHT",
      "A night out: quilt, mat and pillow",
      1190,
      36900,
      [360, 200, 200],
      "940430",
      901,
    ),
  },
];

function product(
  sku: string,
  name: string,
  weightGrams: number,
  priceMinor: number,
  [lengthMm, widthMm, heightMm]: readonly [number, number, number],
  hsCode: string,
  number: number,
): SandboxKit["product"] {
  // The catalog's own prefix; its products have numbers below 700.
  const gtin = `09521234${String(number).padStart(5, "0")}`;
  return {
    sku,
    name,
    weightGrams,
    priceMinor,
    currency: "USD",
    hsCode,
    originCountry: "US",
    gtin: gtin + gs1CheckDigit(gtin),
    tagged: true,
    lengthMm,
    widthMm,
    heightMm,
  };
}
