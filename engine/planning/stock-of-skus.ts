/** What may be promised of SKUs: for each, its locations with their units, as one channel pool sees them. */
export type StockOfSkus = readonly (readonly [
  sku: string,
  locations: readonly (readonly [locationId: string, units: number])[],
])[];
