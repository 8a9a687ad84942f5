/** Products, channels, locations and channel SKUs as capture needs them. */
export type NewProduct = {
  readonly sku: string;
  readonly name: string;
  readonly weightGrams: number;
  readonly lengthMm?: number;
  readonly widthMm?: number;
  readonly heightMm?: number;
  readonly priceMinor: number;
  readonly currency: string;
  readonly hsCode: string;
  readonly originCountry: string;
  readonly gtin: string;
};
