/**
 * What the sandbox company sells: 300 SKUs of an outdoor and travel outfitter, in families of variants, with
 * plausible weights, sizes, prices, HS codes and origins, and GTINs with valid check digits. They are always
 * the same, so that examples and tests can name them.
 */
import { Random } from "../../config/seeded-random.ts";
import type { Product } from "../../contract/catalog.ts";
import { gs1CheckDigit } from "../../orders/handling-unit.ts";

export type SandboxProduct = Omit<Product, "substitutes" | "check" | "customFields"> & {
  readonly lengthMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
  /** `supplier`: shipped by the drop-ship supplier only. */
  readonly source: "fulfillment_centers" | "supplier";
};

type Family = readonly [
  code: string,
  name: string,
  weightGrams: number,
  priceMinor: number,
  size: readonly [lengthMm: number, widthMm: number, heightMm: number],
  hsCode: string,
  origin: string,
  variants: readonly string[],
];

const SIZES = ["XS", "S", "M", "L", "XL"];
const SHOES = ["38", "40", "42", "44", "46"];
const COLOURS = ["Slate", "Moss", "Ember", "Sand", "Night"];
const LITRES = ["18 L", "24 L", "32 L", "45 L", "60 L"];

/** GS1 prefix 952 is reserved for examples: no real product bears one of these numbers. */
const GTIN_PREFIX = "9521234";

const FAMILIES: readonly Family[] = [
  ["JKT-RDG", "Ridgeline rain jacket", 410, 14900, [320, 240, 60], "620193", "VN", SIZES],
  ["JKT-DWN", "Cirrus down jacket", 380, 21900, [300, 220, 90], "620193", "CN", SIZES],
  ["JKT-SFT", "Fernpass softshell", 520, 12900, [320, 240, 70], "620193", "VN", SIZES],
  ["JKT-FLC", "Tarn fleece jacket", 390, 8900, [320, 260, 80], "610130", "BD", SIZES],
  ["VST-INS", "Alder insulated vest", 260, 9900, [280, 220, 70], "620193", "CN", SIZES],
  ["SHT-MRN", "Merino tee 150", 160, 6900, [260, 200, 25], "610990", "NZ", SIZES],
  ["SHT-LSL", "Merino long sleeve 200", 230, 8900, [280, 210, 30], "610990", "NZ", SIZES],
  ["SHT-TRV", "Waypoint travel shirt", 210, 7400, [290, 220, 30], "620520", "IN", SIZES],
  ["SHT-FLN", "Timberline flannel shirt", 310, 7900, [300, 230, 40], "620520", "PT", SIZES],
  ["PNT-TRK", "Scree trekking trousers", 360, 9900, [320, 220, 45], "620343", "VN", SIZES],
  ["PNT-ZIP", "Ford zip-off trousers", 380, 10400, [320, 220, 50], "620343", "VN", SIZES],
  ["PNT-SHT", "Ford shorts", 220, 6400, [280, 200, 30], "620343", "VN", SIZES],
  ["BSL-TOP", "Base layer top", 190, 5900, [240, 180, 30], "610990", "TR", SIZES],
  ["BSL-BTM", "Base layer bottom", 180, 5900, [240, 180, 30], "610343", "TR", SIZES],
  ["RNP-SHL", "Rain shell trousers", 290, 8900, [280, 200, 50], "620343", "VN", SIZES],
  ["GLV-WND", "Wind gloves", 60, 3400, [220, 110, 20], "611610", "CN", SIZES],
  ["GLV-INS", "Insulated mitts", 140, 5900, [240, 130, 50], "611610", "CN", SIZES],
  ["SOC-HIK", "Hiking socks, pair", 80, 1900, [180, 100, 30], "611595", "US", SHOES],
  ["SOC-LIN", "Liner socks, pair", 45, 1400, [160, 90, 20], "611595", "US", SHOES],
  ["BOT-TRL", "Trailhead boots", 1150, 18900, [340, 240, 130], "640391", "IT", SHOES],
  ["BOT-APP", "Approach shoes", 820, 14400, [320, 220, 120], "640411", "IT", SHOES],
  ["SHO-RUN", "Fell running shoes", 560, 13400, [320, 210, 120], "640411", "VN", SHOES],
  ["SHO-SND", "River sandals", 610, 8400, [310, 200, 110], "640299", "VN", SHOES],
  ["SHO-HUT", "Hut slippers", 320, 4900, [300, 200, 90], "640520", "RO", SHOES],
  ["HAT-BRM", "Brimmed sun hat", 95, 3900, [300, 280, 110], "650500", "CN", COLOURS],
  ["HAT-BNE", "Ribbed beanie", 70, 2900, [220, 180, 40], "650500", "PT", COLOURS],
  ["HAT-CAP", "Five-panel cap", 80, 3200, [240, 180, 100], "650500", "CN", COLOURS],
  ["NCK-TUB", "Neck tube", 40, 1900, [200, 140, 15], "611710", "ES", COLOURS],
  ["BAG-DAY", "Daypack", 780, 9900, [480, 300, 120], "420292", "VN", LITRES],
  ["BAG-TRK", "Trekking pack", 1650, 19900, [680, 340, 180], "420292", "VN", LITRES],
  ["BAG-DUF", "Expedition duffel", 1100, 12900, [560, 320, 140], "420292", "VN", LITRES],
  ["BAG-DRY", "Dry bag", 140, 2400, [260, 180, 30], "392690", "CN", LITRES],
  ["BAG-PCK", "Packing cube set", 240, 3900, [360, 260, 40], "420292", "CN", COLOURS],
  ["BAG-HIP", "Hip pack", 210, 4400, [280, 160, 70], "420292", "VN", COLOURS],
  ["BAG-TOL", "Wash bag", 180, 2900, [260, 180, 70], "420292", "CN", COLOURS],
  ["SLP-QLT", "Trail quilt", 620, 22900, [340, 180, 180], "940430", "PL", COLOURS],
  ["SLP-MAT", "Inflatable mat", 480, 12900, [280, 120, 120], "392640", "CN", COLOURS],
  ["SLP-PIL", "Camp pillow", 90, 3400, [160, 90, 60], "940490", "CN", COLOURS],
  ["SLP-LIN", "Silk liner", 150, 6900, [160, 100, 50], "630790", "VN", COLOURS],
  ["TNT-TRP", "Silnylon tarp", 420, 13900, [260, 140, 90], "630612", "CN", COLOURS],
  ["CUP-ENM", "Enamel mug", 130, 1400, [120, 110, 90], "732394", "PL", COLOURS],
  ["BTL-STL", "Steel bottle 750 ml", 290, 3200, [270, 80, 80], "961700", "CN", COLOURS],
  ["BTL-SFT", "Soft flask 500 ml", 40, 1900, [220, 90, 30], "392330", "CN", COLOURS],
  ["POT-TTN", "Titanium pot 900 ml", 120, 5900, [150, 130, 110], "810890", "JP", COLOURS],
  ["STV-GAS", "Folding gas stove", 85, 4900, [100, 80, 60], "732111", "KR", COLOURS],
  ["SPN-TTN", "Titanium spoon", 17, 1200, [220, 50, 20], "821599", "JP", COLOURS],
  ["LMP-HED", "Headlamp 450", 88, 6400, [120, 90, 60], "851310", "FR", COLOURS],
  ["LMP-LNT", "Camp lantern", 240, 5400, [160, 110, 110], "940521", "CN", COLOURS],
  ["KNF-FLD", "Folding knife", 110, 7900, [130, 60, 30], "821193", "FR", COLOURS],
  ["POL-TRK", "Trekking poles, pair", 480, 11900, [660, 110, 80], "660200", "CN", COLOURS],
  ["TWL-MIC", "Microfibre towel", 160, 2400, [220, 140, 40], "630260", "CN", COLOURS],
  ["MAP-CSE", "Map case", 70, 1900, [320, 260, 10], "392690", "DE", COLOURS],
  ["CMP-BSE", "Baseplate compass", 45, 3900, [130, 80, 20], "901410", "SE", COLOURS],
  ["FIR-KIT", "First aid kit", 310, 4400, [200, 140, 70], "300650", "DE", COLOURS],
  ["RPR-KIT", "Repair kit", 120, 2400, [150, 100, 40], "392690", "US", COLOURS],
  ["NOT-WPR", "Waterproof notebook", 130, 1700, [180, 120, 15], "482010", "US", COLOURS],
  ["HMK-DBL", "Double hammock", 560, 6900, [240, 160, 120], "630790", "ID", COLOURS],
  ["CHR-CMP", "Camp chair", 3200, 8900, [950, 180, 180], "940179", "CN", COLOURS],
  ["TBL-CMP", "Roll-top camp table", 4100, 11900, [900, 220, 180], "940320", "CN", COLOURS],
  ["CLR-BOX", "Cool box 32 litres", 5800, 18900, [560, 420, 400], "392410", "TH", COLOURS],
];

/** Bulky goods that never pass through our own buildings. */
const DROP_SHIPPED = new Set(["CHR-CMP", "TBL-CMP", "CLR-BOX"]);

export function sandboxCatalog(): readonly SandboxProduct[] {
  const random = new Random("holdfast sandbox catalog");
  return FAMILIES.flatMap(([code, name, weight, price, size, hsCode, origin, variants], family) =>
    variants.map((variant, index) => ({
      sku: `${code}-${variant.replace(/[^A-Za-z0-9]/g, "").toUpperCase()}`,
      name: `${name}, ${variant}`,
      weightGrams: Math.round(weight * (0.94 + index * 0.03)) + random.integer(0, 4),
      priceMinor: price,
      currency: "USD",
      hsCode,
      originCountry: origin,
      gtin: withCheckDigit(`0${GTIN_PREFIX}${String(family * 10 + index).padStart(5, "0")}`),
      tagged: true,
      lengthMm: size[0],
      widthMm: size[1],
      heightMm: size[2],
      source: DROP_SHIPPED.has(code) ? ("supplier" as const) : ("fulfillment_centers" as const),
    })),
  );
}

function withCheckDigit(body: string): string {
  return body + gs1CheckDigit(body);
}

const SHOP_GOODS = 12;

/** What the sandbox's simulated shop has on sale. */
export function shopGoods(): readonly Pick<SandboxProduct, "sku" | "name" | "priceMinor" | "weightGrams">[] {
  return sandboxCatalog()
    .filter(({ source }) => source === "fulfillment_centers")
    .slice(0, SHOP_GOODS)
    .map(({ sku, name, priceMinor, weightGrams }) => ({ sku, name, priceMinor, weightGrams }));
}
